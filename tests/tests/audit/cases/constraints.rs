//! Unique and foreign keys.

use db::audit::Code;

use super::Case;

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn cases() -> Vec<Case> {
    use Code::{
        ForeignKeyDangling, ForeignKeyMissing, ForeignKeyNotValidated, ForeignKeyWithoutScope, SetNullNullsScope,
        UniqueUuidWithoutScope, UniqueWithoutScope,
    };
    vec![
        Case::new(
            ForeignKeyDangling,
            "a row from before it was checked",
            "constraint session_user_id_fkey of public.session",
            &[
                "SET LOCAL session_replication_role = replica",
                "INSERT INTO session (id, user_id, token_digest, expires_at)
                 VALUES (gen_random_uuid(), gen_random_uuid(), sha256('\\x'), now())",
                "SET LOCAL session_replication_role = origin",
            ],
        ).without_repair(),
        Case::new(
            ForeignKeyMissing,
            "dropped",
            "column organization_id, plan_id of public.plan_step",
            &["ALTER TABLE plan_step DROP CONSTRAINT plan_step_organization_id_plan_id_fkey"],
        ),
        Case::new(
            ForeignKeyNotValidated,
            "NOT VALID",
            "constraint later of public.session",
            &["ALTER TABLE session ADD CONSTRAINT later FOREIGN KEY (user_id) REFERENCES \"user\" (id) NOT VALID"],
        ),
        Case::new(
            UniqueWithoutScope,
            "a constraint",
            "constraint title of public.research_plan",
            &["ALTER TABLE research_plan ADD CONSTRAINT title UNIQUE (title) DEFERRABLE"],
        ),
        Case::new(
            UniqueWithoutScope,
            "an index over an expression",
            "constraint by_title of public.research_plan",
            &["CREATE UNIQUE INDEX by_title ON research_plan (lower(title)) WHERE status <> 'failed'"],
        ),
        Case::new(
            UniqueWithoutScope,
            "a column that can be updated",
            "constraint user_by_name of public.user",
            &["CREATE UNIQUE INDEX user_by_name ON \"user\" (name)"],
        )
        .without_repair(),
        Case::new(
            UniqueWithoutScope,
            "an exclusion",
            "constraint question of public.research_plan",
            &["ALTER TABLE research_plan ADD CONSTRAINT question EXCLUDE USING btree (question WITH =)"],
        ),
        Case::new(
            UniqueWithoutScope,
            "an index with a bracket in its name",
            "constraint u(x of public.research_plan",
            &["CREATE UNIQUE INDEX \"u(x\" ON research_plan (question)"],
        ),
        Case::new(
            UniqueUuidWithoutScope,
            "a key",
            "constraint plan_step_id of public.plan_step",
            &["ALTER TABLE plan_step ADD CONSTRAINT plan_step_id UNIQUE (id)"],
        ),
        Case::new(
            ForeignKeyWithoutScope,
            "to a key by itself",
            "constraint about of public.note",
            &["ALTER TABLE note ADD CONSTRAINT about FOREIGN KEY (member_id) REFERENCES member (id) ON DELETE CASCADE"],
        )
        .with_note(),
        Case::new(
            ForeignKeyWithoutScope,
            "to a key by itself, set to null",
            "constraint about of public.note",
            &["ALTER TABLE note ADD CONSTRAINT about FOREIGN KEY (member_id) REFERENCES member (id) ON DELETE SET NULL"],
        )
        .with_note(),
        Case::new(
            ForeignKeyWithoutScope,
            "to people, who are the tenant's by their memberships",
            "constraint author of public.note",
            &["ALTER TABLE note ADD CONSTRAINT author FOREIGN KEY (member_id) REFERENCES \"user\" (id)"],
        )
        .with_note()
        .without_repair(),
        Case::new(
            ForeignKeyWithoutScope,
            "to what the scope does not see",
            "constraint start of public.note",
            &["ALTER TABLE note ADD CONSTRAINT start FOREIGN KEY (member_id) REFERENCES session (id) ON DELETE CASCADE"],
        )
        .with_note()
        .without_repair(),
        Case::new(
            ForeignKeyWithoutScope,
            "to what no entity declares, and has rows of tenants",
            "constraint file of public.note",
            &["ALTER TABLE note ADD CONSTRAINT file FOREIGN KEY (member_id) REFERENCES file (id) ON DELETE CASCADE"],
        )
        .with_note()
        .given(&["CREATE TABLE file (id uuid PRIMARY KEY, plan_id uuid, organization uuid,
                  FOREIGN KEY (organization, plan_id) REFERENCES research_plan (organization_id, id))"])
        .without_repair(),
        Case::new(
            ForeignKeyWithoutScope,
            "to itself",
            "constraint parent of public.note",
            &[
                "ALTER TABLE note ADD CONSTRAINT parent FOREIGN KEY (member_id) REFERENCES note (id)",
            ],
        )
        .with_note()
        .given(&["ALTER TABLE note ADD CONSTRAINT note_by_id UNIQUE (id)"])
        .accept(UniqueUuidWithoutScope, "note_by_id of public.note"),
        Case::new(
            ForeignKeyWithoutScope,
            "of a person's rows, to a tenant's",
            "constraint plan of public.personal_access_token",
            &[
                "ALTER TABLE personal_access_token ADD CONSTRAINT plan FOREIGN KEY (organization, plan)
                 REFERENCES research_plan (organization_id, id)",
            ],
        )
        .given(&[
            "ALTER TABLE personal_access_token ADD COLUMN organization uuid, ADD COLUMN plan uuid",
        ])
        .without_repair(),
        Case::new(
            SetNullNullsScope,
            "on delete",
            "constraint author of public.note",
            &["ALTER TABLE note ADD CONSTRAINT author FOREIGN KEY (organization_id, member_id)
               REFERENCES member (organization_id, id) ON DELETE SET NULL"],
        )
        .with_note(),
        Case::new(
            SetNullNullsScope,
            "on update",
            "constraint author of public.note",
            &["ALTER TABLE note ADD CONSTRAINT author FOREIGN KEY (organization_id, member_id)
               REFERENCES member (organization_id, id) ON UPDATE SET NULL ON DELETE SET NULL (member_id)"],
        )
        .with_note(),
    ]
}
