CREATE SCHEMA "qingdan";
--> statement-breakpoint
CREATE TABLE "qingdan"."audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "qingdan"."audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "qingdan"."key" (
	"id" text PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"label" text NOT NULL,
	"scopes" text[] NOT NULL,
	"provider" text,
	"datasets" text[],
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "qingdan"."change" (
	"position" bigint PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"dataset" text NOT NULL,
	"edition" text,
	"version" integer,
	"body" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "qingdan"."change_counter" (
	"id" integer PRIMARY KEY NOT NULL,
	"position" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "qingdan"."contract" (
	"dataset" text NOT NULL,
	"contract_version" integer NOT NULL,
	"digest" text NOT NULL,
	"body" jsonb NOT NULL,
	"verdict" text,
	"loaded_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "contract_dataset_contract_version_pk" PRIMARY KEY("dataset","contract_version")
);
--> statement-breakpoint
CREATE TABLE "qingdan"."distribution" (
	"version_id" bigint NOT NULL,
	"name" text NOT NULL,
	"format" text NOT NULL,
	"media_type" text NOT NULL,
	"bytes" bigint NOT NULL,
	"digest" text NOT NULL,
	CONSTRAINT "distribution_version_id_name_pk" PRIMARY KEY("version_id","name")
);
--> statement-breakpoint
CREATE TABLE "qingdan"."edition" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "qingdan"."edition_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"dataset" text NOT NULL,
	"edition" text NOT NULL,
	"period_start" date NOT NULL,
	"period_end" date NOT NULL,
	CONSTRAINT "edition_dataset_edition_unique" UNIQUE("dataset","edition")
);
--> statement-breakpoint
CREATE TABLE "qingdan"."version" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "qingdan"."version_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"edition_id" bigint NOT NULL,
	"number" integer NOT NULL,
	"contract_version" integer NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"records_table" text,
	"records" bigint,
	"digest" text,
	"parts" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"waivers" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"warnings" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"suppressions" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"published_at" timestamp (3) with time zone,
	"withdrawn_at" timestamp (3) with time zone,
	"withdrawn_reason" text,
	CONSTRAINT "version_edition_id_number_unique" UNIQUE("edition_id","number")
);
--> statement-breakpoint
CREATE TABLE "qingdan"."bundle" (
	"id" text PRIMARY KEY NOT NULL,
	"packing" text NOT NULL,
	"bytes" bigint NOT NULL,
	"state" text NOT NULL,
	"history" jsonb NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"brought_by" text NOT NULL,
	"dataset" text,
	"edition" text,
	"provider" text,
	"contract_version" integer,
	"sequence" integer,
	"synthetic" boolean DEFAULT false NOT NULL,
	"files" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"errors" bigint DEFAULT 0 NOT NULL,
	"warnings" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "qingdan"."finding" (
	"bundle_id" text NOT NULL,
	"n" integer NOT NULL,
	"check" text NOT NULL,
	"severity" text NOT NULL,
	"file" text,
	"row" bigint,
	"cell" text,
	"field" text,
	"header" text,
	"expected" text,
	"message" text NOT NULL,
	"message_zh" text NOT NULL,
	"byte_offset" bigint,
	CONSTRAINT "finding_bundle_id_n_pk" PRIMARY KEY("bundle_id","n")
);
--> statement-breakpoint
CREATE TABLE "qingdan"."part" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "qingdan"."part_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"dataset" text NOT NULL,
	"edition" text NOT NULL,
	"provider" text NOT NULL,
	"bundle_id" text NOT NULL,
	"contract_version" integer NOT NULL,
	"rows" bigint NOT NULL,
	"staged_at" timestamp (3) with time zone NOT NULL,
	"replaced_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "qingdan"."publication" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "qingdan"."publication_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"version_id" bigint NOT NULL,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"asked_by" text NOT NULL,
	"waivers" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"state" text NOT NULL,
	"findings" jsonb DEFAULT '[]'::jsonb NOT NULL,
	CONSTRAINT "publication_version_id_unique" UNIQUE("version_id")
);
--> statement-breakpoint
CREATE TABLE "qingdan"."note" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "qingdan"."distribution" ADD CONSTRAINT "distribution_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "qingdan"."version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "qingdan"."version" ADD CONSTRAINT "version_edition_id_edition_id_fk" FOREIGN KEY ("edition_id") REFERENCES "qingdan"."edition"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "qingdan"."finding" ADD CONSTRAINT "finding_bundle_id_bundle_id_fk" FOREIGN KEY ("bundle_id") REFERENCES "qingdan"."bundle"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "qingdan"."part" ADD CONSTRAINT "part_bundle_id_bundle_id_fk" FOREIGN KEY ("bundle_id") REFERENCES "qingdan"."bundle"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_at_index" ON "qingdan"."audit" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "part_in_hand" ON "qingdan"."part" USING btree ("dataset","edition","provider") WHERE "qingdan"."part"."replaced_at" IS NULL;