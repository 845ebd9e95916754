ALTER TABLE "qingdan"."version" ADD COLUMN "erased_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "erased_at" timestamp (3) with time zone;