CREATE TABLE "qingdan"."preview" (
	"id" text PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"version_id" bigint NOT NULL,
	"sha256" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "qingdan"."publication" DROP CONSTRAINT "publication_version_id_unique";--> statement-breakpoint
ALTER TABLE "qingdan"."version" ADD COLUMN "difference" jsonb;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "reason" text;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "release_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "prepared_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "digest" text;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "approved_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "approved_by" text;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "approved_digest" text;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "ended_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "ended_by" text;--> statement-breakpoint
ALTER TABLE "qingdan"."publication" ADD COLUMN "ended_reason" text;--> statement-breakpoint
ALTER TABLE "qingdan"."preview" ADD CONSTRAINT "preview_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "qingdan"."version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "preview_version_id_index" ON "qingdan"."preview" USING btree ("version_id");--> statement-breakpoint
CREATE INDEX "publication_version_id_index" ON "qingdan"."publication" USING btree ("version_id");--> statement-breakpoint
CREATE UNIQUE INDEX "publication_open" ON "qingdan"."publication" USING btree ("version_id") WHERE "qingdan"."publication"."state" IN ('asked', 'prepared');