ALTER TABLE "qingdan"."bundle" ADD COLUMN "summary" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "exceeded" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "decision" jsonb;--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "replaces" text;