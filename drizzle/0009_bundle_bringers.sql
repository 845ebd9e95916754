CREATE TABLE "qingdan"."bundle_bringer" (
	"bundle_id" text NOT NULL,
	"brought_by" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "bundle_bringer_bundle_id_brought_by_pk" PRIMARY KEY("bundle_id","brought_by")
);
--> statement-breakpoint
ALTER TABLE "qingdan"."bundle_bringer" ADD CONSTRAINT "bundle_bringer_bundle_id_bundle_id_fk" FOREIGN KEY ("bundle_id") REFERENCES "qingdan"."bundle"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
INSERT INTO "qingdan"."bundle_bringer" ("bundle_id", "brought_by", "at") SELECT "id", "brought_by", "received_at" FROM "qingdan"."bundle";
