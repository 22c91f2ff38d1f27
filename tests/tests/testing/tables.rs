//! Tables that are hard to fill, and one that is made to leak.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "as an application would have them")]

/// An entity of a tenant with a title; all that the tests need of a table.
macro_rules! entity {
    ($module:ident, $table:literal, $key:ty) => {
        pub mod $module {
            use db::{OrganizationId, tenant_scoped};
            use sea_orm::entity::prelude::*;

            #[tenant_scoped]
            #[sea_orm::model]
            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: $key,
                pub organization_id: OrganizationId,
                pub title: String,
            }

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(node, "node", Uuid);
entity!(left_half, "left_half", i64);
entity!(right_half, "right_half", i64);
entity!(oddity, "oddity", Uuid);
entity!(stubborn, "stubborn", Uuid);
entity!(note, "note", Uuid);

/// One row for each organization.
pub mod preference {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "preference")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organization_id: OrganizationId,
        pub title: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub const NODE: &str = "CREATE TABLE node (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    parent_id uuid NOT NULL,
    title text NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, parent_id) REFERENCES node (organization_id, id)
);";

/// Two tables of which each row needs one of the other.
pub const HALVES: &str = "CREATE TABLE left_half (
    organization_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    right_id bigint NOT NULL,
    title text NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, right_id)
);
CREATE TABLE right_half (
    organization_id uuid NOT NULL,
    id bigserial,
    left_id bigint NOT NULL,
    title text NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, left_id) REFERENCES left_half (organization_id, id) DEFERRABLE INITIALLY IMMEDIATE
);
ALTER TABLE left_half ADD FOREIGN KEY (organization_id, right_id) REFERENCES right_half (organization_id, id);";

pub const PREFERENCE: &str =
    "CREATE TABLE preference (organization_id uuid PRIMARY KEY REFERENCES organization (id), title text NOT NULL);";

pub const ODDITY: &str = "CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE DOMAIN short_code AS text NOT NULL CHECK (VALUE ~ '^[A-Z]{2,3}$');
CREATE DOMAIN percentage AS numeric(5, 2) CHECK (VALUE BETWEEN 10 AND 20);
CREATE TABLE kind (name text PRIMARY KEY);
INSERT INTO kind VALUES ('there before');
CREATE TABLE oddity (
    organization_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    title varchar(5) NOT NULL,
    code short_code,
    share percentage NOT NULL,
    mood mood NOT NULL,
    number integer GENERATED ALWAYS AS IDENTITY,
    doubled integer GENERATED ALWAYS AS (length(title) * 2) STORED,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at < now() + interval '3 days'),
    tags text[] NOT NULL,
    during tstzrange NOT NULL,
    flags bit(3) NOT NULL,
    address inet NOT NULL,
    pause interval NOT NULL,
    settings jsonb NOT NULL CHECK (settings ? 'theme'),
    digest bytea NOT NULL CHECK (octet_length(digest) = 20),
    slot text NOT NULL,
    phase text NOT NULL CHECK (phase IN ('a', 'it''s b')),
    kind_name text NOT NULL REFERENCES kind (name),
    first_id uuid,
    second_id uuid,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, number) DEFERRABLE INITIALLY IMMEDIATE,
    CHECK (starts_at < ends_at),
    CHECK (num_nonnulls(first_id, second_id) = 1),
    FOREIGN KEY (organization_id, first_id) REFERENCES node (organization_id, id),
    FOREIGN KEY (organization_id, second_id) REFERENCES node (organization_id, id)
);
CREATE UNIQUE INDEX oddity_slot ON oddity (organization_id, lower(slot));
CREATE UNIQUE INDEX oddity_phase ON oddity (organization_id, phase) WHERE phase = 'a';";

/// What no generator guesses.
pub const STUBBORN: &str = "CREATE TABLE stubborn (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT stubborn_code CHECK (code = md5(title))
);";

pub const NOTE: &str = "CREATE TABLE note (
    organization_id uuid NOT NULL REFERENCES organization (id),
    id uuid NOT NULL,
    title text NOT NULL,
    plan_id uuid,
    PRIMARY KEY (organization_id, id)
);";
