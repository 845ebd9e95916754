CREATE TABLE "qingdan"."key_count" (
	"key_id" text PRIMARY KEY NOT NULL,
	"minute" timestamp (3) with time zone NOT NULL,
	"minute_count" integer NOT NULL,
	"day" date NOT NULL,
	"day_count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "qingdan"."key_cursor" (
	"key_id" text PRIMARY KEY NOT NULL,
	"cursor" text NOT NULL,
	"position" bigint NOT NULL,
	"types" text[],
	"datasets" text[],
	"seen_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "qingdan"."key_usage" (
	"key_id" text NOT NULL,
	"day" date NOT NULL,
	"dataset" text NOT NULL,
	"requests" bigint NOT NULL,
	"refused" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	CONSTRAINT "key_usage_key_id_day_dataset_pk" PRIMARY KEY("key_id","day","dataset")
);
--> statement-breakpoint
ALTER TABLE "qingdan"."key" ADD COLUMN "per_minute" integer;--> statement-breakpoint
ALTER TABLE "qingdan"."key" ADD COLUMN "per_day" integer;--> statement-breakpoint
ALTER TABLE "qingdan"."key" ADD COLUMN "addresses" text[];--> statement-breakpoint
CREATE INDEX "key_usage_day_index" ON "qingdan"."key_usage" USING btree ("day");