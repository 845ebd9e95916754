CREATE TABLE "qingdan"."rate_count" (
	"caller" text PRIMARY KEY NOT NULL,
	"minute" timestamp (3) with time zone NOT NULL,
	"count" integer NOT NULL
);
