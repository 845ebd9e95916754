CREATE TABLE "qingdan"."signer" (
	"fingerprint" text PRIMARY KEY NOT NULL,
	"public_key" text NOT NULL,
	"user_ids" text[] NOT NULL,
	"provider" text NOT NULL,
	"datasets" text[],
	"valid_from" timestamp (3) with time zone,
	"valid_until" timestamp (3) with time zone,
	"added_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"revoked_reason" text
);
--> statement-breakpoint
ALTER TABLE "qingdan"."bundle" ADD COLUMN "signer" text;