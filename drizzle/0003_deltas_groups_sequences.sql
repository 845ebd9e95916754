ALTER TABLE "qingdan"."bundle" ADD COLUMN "mode" text;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "against" integer;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "group_identifier" text;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "group_number" integer;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "group_count" integer;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "changes" jsonb;--> statement-breakpoint
ALTER TABLE "qingdan"."part" ADD COLUMN "base_id" text;--> statement-breakpoint
ALTER TABLE "qingdan"."part" ADD COLUMN "chain" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "qingdan"."part" ADD COLUMN "bundles" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "qingdan"."part" ADD CONSTRAINT "part_base_id_bundle_id_fk" FOREIGN KEY ("base_id") REFERENCES "qingdan"."bundle"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "bundle_sequence" ON "qingdan"."bundle" USING btree ("dataset","provider","sequence");--> statement-breakpoint
CREATE INDEX "bundle_group" ON "qingdan"."bundle" USING btree ("provider","group_identifier");