//! What members may do about each other, and what a hostile one, a stranger or a former one may not.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use db::{Authenticated, Error, OrganizationId, prelude::*};
use entity::{
    Colleague, Invitation, Member, NewInvitation, NewUser, Organization, ResearchPlan, User, accept_invitation,
    change_member_role, colleague, create_user, invite, list_members,
    member::{self, MemberRole},
    organization, remove_member, user,
};
use tests::{Fixture, Org};

mod invitations;
mod last_owner;
mod meeting;
mod plans;
mod sign_up;

/// Makes a person who has proved their address.
async fn person(f: &Fixture, email: &str) -> Authenticated {
    let new = NewUser { name: email.to_owned(), email: email.to_owned(), email_verified: true };
    f.db.with_identity_context(async |cx| Ok(cx.authenticated(create_user(cx, new).await?.id))).await.unwrap()
}

fn next_year() -> DateTimeUtc {
    chrono::Utc::now() + chrono::TimeDelta::days(365)
}

/// Makes a person a member, as the organization's owner does it.
async fn join(f: &Fixture, org: &Org, email: &str, role: MemberRole) -> Authenticated {
    let who = person(f, email).await;
    let new = NewInvitation { email: email.to_owned(), role, expires_at: next_year() };
    let invitation = f.db.with_tenant_context(org.id, &org.owner, async |cx| invite(cx, new).await).await.unwrap();
    f.db.with_identity_context(async |cx| accept_invitation(cx, &who, invitation.id).await).await.unwrap();
    who
}

/// Returns what is written of a membership, as the superuser sees it.
async fn role(f: &Fixture, organization: OrganizationId, who: &Authenticated) -> Option<String> {
    let mut owner = f.database.owner().await;
    let sql = "SELECT role FROM member WHERE organization_id = $1 AND user_id = $2";
    let role = sea_orm::sqlx::query_scalar(sql).bind(organization.0).bind(who.user_id().0);
    role.fetch_optional(&mut owner).await.unwrap()
}

async fn change(f: &Fixture, org: &Org, by: &Authenticated, of: &Authenticated, role: MemberRole) -> db::Result<()> {
    f.db.with_tenant_context(org.id, by, async |cx| change_member_role(cx, of.user_id(), role).await).await
}

async fn remove(f: &Fixture, org: &Org, by: &Authenticated, of: &Authenticated) -> db::Result<()> {
    f.db.with_tenant_context(org.id, by, async |cx| remove_member(cx, of.user_id()).await).await
}

/// Each role, what it may make of others, and whom it may remove.
#[tokio::test]
async fn an_owner_or_an_admin_changes_roles_up_to_their_own() {
    let f = Fixture::new().await;
    let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
    let other = join(&f, &f.acme, "other@acme.example", MemberRole::Member).await;
    let org = &f.acme;

    change(&f, org, &admin, &other, MemberRole::Admin).await.unwrap();
    assert_eq!(role(&f, org.id, &other).await.as_deref(), Some("admin"));
    change(&f, org, &admin, &other, MemberRole::Member).await.unwrap();
    // Nobody raises a role above their own: not another's, not theirs.
    for raised in [&other, &admin] {
        let refused = change(&f, org, &admin, raised, MemberRole::Owner).await.unwrap_err();
        assert!(refused.is_permission_denied(), "{refused}");
    }
    // Nor do they take away what ranks above them.
    assert!(change(&f, org, &admin, &org.owner, MemberRole::Member).await.unwrap_err().is_not_found());
    assert!(remove(&f, org, &admin, &org.owner).await.unwrap_err().is_not_found());
    assert_eq!(role(&f, org.id, &org.owner).await.as_deref(), Some("owner"));
    assert_eq!(role(&f, org.id, &admin).await.as_deref(), Some("admin"));

    change(&f, org, &org.owner, &other, MemberRole::Owner).await.unwrap();
    assert_eq!(role(&f, org.id, &other).await.as_deref(), Some("owner"));
    remove(&f, org, &other, &admin).await.unwrap();
    assert_eq!(role(&f, org.id, &admin).await, None);
    let gone = f.db.with_tenant_context(org.id, &admin, async |_| Ok(())).await.unwrap_err();
    assert!(gone.is_not_a_member());
}

/// Every write that takes a role, by somebody without it: the database says why, and changes nothing.
#[tokio::test]
async fn a_member_without_the_role_changes_nothing() {
    let f = Fixture::new().await;
    let org = &f.acme;
    let by = &org.member;
    let mut refused = vec![
        change(&f, org, by, by, MemberRole::Admin).await.unwrap_err(),
        change(&f, org, by, &org.owner, MemberRole::Member).await.unwrap_err(),
        remove(&f, org, by, &org.owner).await.unwrap_err(),
        // To leave is no exception: it is for an owner or an admin to let somebody go.
        remove(&f, org, by, by).await.unwrap_err(),
    ];
    let new = NewInvitation { email: "x@y.example".to_owned(), role: MemberRole::Member, expires_at: next_year() };
    refused.push(f.db.with_tenant_context(org.id, by, async |cx| invite(cx, new).await).await.unwrap_err());
    let renamed = organization::Draft { name: Set("ours".to_owned()), ..Default::default() };
    let rename = async |cx: &mut TenantContext| Organization::update_by_id(org.id, renamed).exec(cx).await;
    refused.push(f.db.with_tenant_context(org.id, by, rename).await.unwrap_err());
    // By filter, too, where no row is named.
    let all = async |cx: &mut TenantContext| Member::delete_many().exec(cx).await;
    refused.push(f.db.with_tenant_context(org.id, by, all).await.unwrap_err());
    let raise = member::Draft { role: Set(MemberRole::Owner), ..Default::default() };
    let raise = async |cx: &mut TenantContext| Member::update_many().set(raise).exec(cx).await;
    refused.push(f.db.with_tenant_context(org.id, by, raise).await.unwrap_err());
    // Nor do they lock what they may not write.
    let lock = async |cx: &mut TenantContext| Member::find().lock_exclusive().all(cx).await;
    refused.push(f.db.with_tenant_context(org.id, by, lock).await.unwrap_err());
    for error in refused {
        assert!(error.is_permission_denied(), "{error}");
        assert!(error.to_string().contains("owner or admin"), "{error}");
    }
    assert_eq!(role(&f, org.id, &org.member).await.as_deref(), Some("member"));
    assert_eq!(role(&f, org.id, &org.owner).await.as_deref(), Some("owner"));
    // The control: the same by the owner.
    let renamed = organization::Draft { name: Set("ours".to_owned()), ..Default::default() };
    let rename = async |cx: &mut TenantContext| Organization::update_by_id(org.id, renamed).exec(cx).await;
    assert_eq!(f.db.with_tenant_context(org.id, &org.owner, rename).await.unwrap().name, "ours");
}

/// The control of the roles: without the policies, the same member does it all.
#[tokio::test]
async fn without_its_policies_a_role_is_worth_nothing() {
    let f = Fixture::new().await;
    f.database.execute("DROP POLICY tenant_update ON member").await;
    change(&f, &f.acme, &f.acme.member, &f.acme.member, MemberRole::Owner).await.unwrap();
    assert_eq!(role(&f, f.acme.id, &f.acme.member).await.as_deref(), Some("owner"));
}

/// Another tenant's owner, who knows every id.
#[tokio::test]
async fn another_tenants_owner_gets_at_no_member_and_no_setting() {
    let f = Fixture::new().await;
    let (org, theirs) = (&f.acme, &f.globex);
    // In their own context, by id.
    assert!(change(&f, theirs, &theirs.owner, &org.member, MemberRole::Admin).await.unwrap_err().is_not_found());
    assert!(remove(&f, theirs, &theirs.owner, &org.member).await.unwrap_err().is_not_found());
    let renamed = organization::Draft { name: Set("ours".to_owned()), ..Default::default() };
    let rename = async |cx: &mut TenantContext| Organization::update_by_id(org.id, renamed).exec(cx).await;
    assert!(f.db.with_tenant_context(theirs.id, &theirs.owner, rename).await.unwrap_err().is_not_found());
    // In the other's, they are no member.
    assert!(change(&f, org, &theirs.owner, &org.member, MemberRole::Admin).await.unwrap_err().is_not_a_member());
    assert!(remove(&f, org, &theirs.owner, &org.member).await.unwrap_err().is_not_a_member());
    assert_eq!(role(&f, org.id, &org.member).await.as_deref(), Some("member"));
}

/// Who is removed while a context is open for them finishes it; with the role that they had as it opened.
#[tokio::test]
async fn a_removed_member_finishes_what_is_under_way_and_begins_nothing_else() {
    let f = Fixture::new().await;
    let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
    let cx = f.db.tenant(f.acme.id, &admin).begin().await.unwrap();
    assert_eq!(cx.member_role().await.unwrap(), Some(MemberRole::Admin));
    remove(&f, &f.acme, &f.acme.owner, &admin).await.unwrap();

    assert_eq!(ResearchPlan::find().count(&cx).await.unwrap(), 1);
    let renamed = organization::Draft { name: Set("the last word".to_owned()), ..Default::default() };
    Organization::update_by_id(f.acme.id, renamed).exec(&cx).await.unwrap();
    // What would be theirs points at a membership that is no more.
    let new = NewInvitation { email: "x@y.example".to_owned(), role: MemberRole::Member, expires_at: next_year() };
    assert!(invite(&cx, new).await.unwrap_err().is_foreign_key_violation());
    assert!(cx.commit().await.unwrap_err().is_rolled_back());

    assert!(f.db.tenant(f.acme.id, &admin).begin().await.unwrap_err().is_not_a_member());
    let own = f.db.with_user_context(&admin, async |cx| Organization::find().all(cx).await).await.unwrap();
    assert!(own.is_empty(), "{own:?}");
}

/// A context that was open before goes on, but not to change what members are: or one who is demoted would take it back,
/// or hand the role on.
#[tokio::test]
async fn a_demotion_is_not_taken_back_by_a_context_that_was_open() {
    for protected in [true, false] {
        let f = Fixture::new().await;
        let admin = join(&f, &f.acme, "admin@acme.example", MemberRole::Admin).await;
        if !protected {
            f.database.execute("DROP TRIGGER act_by_present_role ON member").await;
        }
        let open = async || f.db.tenant(f.acme.id, &admin).begin().await.unwrap();
        let (own, others) = (open().await, open().await);
        let demoting = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        change_member_role(&demoting, admin.user_id(), MemberRole::Member).await.unwrap();
        // It waits for the row, and is looked at once the demotion is committed.
        let mut taking_back = Box::pin(async {
            change_member_role(&own, admin.user_id(), MemberRole::Admin).await?;
            own.commit().await
        });
        let mut owner = f.database.owner().await;
        tokio::select! {
            done = &mut taking_back => unreachable!("it does not wait: {done:?}"),
            () = meeting::until_somebody_waits(&f, &mut owner) => {}
        }
        demoting.commit().await.unwrap();
        let taken_back = taking_back.await;
        let handed_on = change_member_role(&others, f.acme.member.user_id(), MemberRole::Admin).await;
        others.commit().await.ok();
        let (admin, member) = (role(&f, f.acme.id, &admin).await, role(&f, f.acme.id, &f.acme.member).await);
        if protected {
            fails(taken_back, Error::is_permission_denied);
            fails(handed_on, Error::is_permission_denied);
            assert_eq!((admin.as_deref(), member.as_deref()), (Some("member"), Some("member")));
        } else {
            // The control.
            assert_eq!((admin.as_deref(), member.as_deref()), (Some("admin"), Some("admin")));
        }
    }
}

#[tokio::test]
async fn a_context_knows_its_members_role_after_one_question() {
    let f = Fixture::new().await;
    for (who, role) in [(&f.acme.owner, MemberRole::Owner), (&f.acme.member, MemberRole::Member)] {
        f.db.with_tenant_context(f.acme.id, who, async |cx| {
            assert_eq!(cx.member_role::<MemberRole>().await?, Some(role));
            // Read on first use, and kept: a transaction that could answer no question any more still knows.
            Member::find().filter(Expr::val(1).div(0).eq(1)).all(cx).await.unwrap_err();
            assert_eq!(cx.member_role::<MemberRole>().await?, Some(role));
            Ok(())
        })
        .await
        .unwrap_err();
    }
    let system = f.db.system_tenant(f.acme.id, "test").run(async |cx| cx.member_role::<MemberRole>().await);
    assert_eq!(system.await.unwrap(), None);
    let odd = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        cx.member_role::<entity::plan_step::StepStatus>().await
    });
    assert_eq!(odd.await.unwrap_err().to_string(), "the member's role is none of `StepStatus`");
}

/// Work that no user asked for is restricted by no role; and no member is taken for the system, whatever their role is called.
#[tokio::test]
async fn the_system_has_every_role_and_nobody_has_the_systems() {
    let f = Fixture::new().await;
    let raise = async |cx: &mut TenantContext| change_member_role(cx, f.acme.member.user_id(), MemberRole::Owner).await;
    f.db.system_tenant(f.acme.id, "test").run(raise).await.unwrap();
    assert_eq!(role(&f, f.acme.id, &f.acme.member).await.as_deref(), Some("owner"));

    f.database.execute("ALTER TABLE member DROP CONSTRAINT member_role_check").await;
    let sql = format!("UPDATE member SET role = 'system' WHERE user_id = '{}'", f.globex.member.user_id());
    f.database.execute(&sql).await;
    let refused = f.db.with_tenant_context(f.globex.id, &f.globex.member, async |cx| {
        let raise = member::Draft { role: Set(MemberRole::Owner), ..Default::default() };
        Member::update_many().set(raise).exec(cx).await
    });
    assert!(refused.await.unwrap_err().is_permission_denied());
}

/// In layer 2 alone, and with all layers: the co-members, by their three columns.
#[tokio::test]
async fn members_see_each_others_name_and_address_and_nobody_elses() {
    for layers in ["all", "layer 2"] {
        let f = Fixture::new().await;
        if layers == "layer 2" {
            for table in ["user", "member", "organization"] {
                let sql = format!(r#"ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"#);
                f.database.execute(&sql).await;
            }
            f.database.execute(&format!(r#"GRANT SELECT ON "user" TO {}"#, f.database.role("tenant"))).await;
        }
        // A membership of each, as somebody might have come by it.
        let mut foreign = std::collections::HashMap::new();
        for org in [&f.acme, &f.globex] {
            let find = Member::find().filter(member::Column::UserId.eq(org.owner.user_id()));
            let row = f.db.with_identity_context(async |cx| find.require_one(cx).await).await.unwrap();
            foreign.insert(org.id, row);
        }
        for (org, name) in [(&f.acme, "acme"), (&f.globex, "globex")] {
            let other = if name == "acme" { &f.globex } else { &f.acme };
            f.db.with_tenant_context(org.id, &org.member, async |cx| {
                let seen = Colleague::find().order_by_asc(colleague::Column::Email).all(cx).await?;
                let emails: Vec<_> = seen.iter().map(|colleague| colleague.email.clone()).collect();
                assert_eq!(emails, [format!("member@{name}.example"), format!("owner@{name}.example")], "{layers}");
                assert_eq!(Colleague::find().count(cx).await?, 2);
                assert!(Colleague::find_by_id(other.owner.user_id()).one(cx).await?.is_none());
                let (id, theirs) = (colleague::Column::Id, other.owner.user_id());
                for (filter, seen) in [
                    (Condition::any().add(Expr::val(1).eq(1)).add(id.is_not_null()), 2),
                    (Condition::any().add(id.eq(theirs)).add(id.eq(org.owner.user_id())), 1),
                    (Condition::all().add(id.eq(theirs).or(Expr::val(1).eq(1))), 2),
                    (Condition::all().add(id.eq(theirs)), 0),
                    (Condition::any().not(), 2),
                    (Condition::all().add(id.eq(org.owner.user_id())).not(), 1),
                    (Condition::all().add(colleague::Column::Email.contains("example").or(id.eq(theirs))), 2),
                ] {
                    let found = || Colleague::find().filter(filter.clone());
                    assert_eq!(found().all(cx).await?.len(), seen, "{layers}: {filter:?}");
                    assert_eq!(found().count(cx).await?, seen as u64, "{layers}: {filter:?}");
                    assert_eq!(found().exists(cx).await?, seen > 0, "{layers}: {filter:?}");
                }
                // By a membership of the other organization's, as a subquery and as a row.
                let members = Member::find().select_only().column(member::Column::UserId);
                let found = Colleague::find().in_subquery(id, members.clone()).all(cx).await?;
                assert_eq!((found.len(), Colleague::find().not_in_subquery(id, members).all(cx).await?.len()), (2, 0));
                assert_eq!(foreign[&other.id].find_related(Colleague).all(cx).await?.len(), 0, "{layers}");
                assert_eq!(foreign[&org.id].find_related(Colleague).all(cx).await?.len(), 1, "{layers}");
                let listed = list_members(cx).await?;
                let names: Vec<_> = listed.iter().map(|(_, who)| who.as_ref().unwrap().name.clone()).collect();
                assert_eq!(names, [format!("Owner of {name}"), format!("Member of {name}")]);
                // From the other side, and in a right join, where neither `WHERE` nor `ON` would hold it.
                for kind in [JoinType::RightJoin, JoinType::FullOuterJoin] {
                    let people = Member::find().join(kind, Colleague).select_only().column(colleague::Column::Email);
                    let people: Vec<Option<String>> = people.into_tuple().all(cx).await?;
                    assert_eq!(people.len(), 2, "{layers}");
                }
                let rows = Member::find().all(cx).await?;
                assert_eq!(rows.load_one(Colleague, cx).await?.iter().flatten().count(), 2);
                Ok(())
            })
            .await
            .unwrap();
        }
    }
}

/// A column that is not declared is not there, whoever names it: neither selected, nor filtered or ordered by.
#[tokio::test]
async fn a_tenant_reads_no_other_column_of_a_person() {
    for layers in ["all", "layer 2"] {
        let f = Fixture::new().await;
        if layers == "layer 2" {
            f.database.execute(&format!(r#"GRANT SELECT ON "user" TO {}"#, f.database.role("tenant"))).await;
        }
        let verified = user::Column::EmailVerified;
        let queries: Vec<(&str, db::Select<Colleague, (), _>)> = vec![
            ("select", Colleague::find().select_only().column(verified)),
            ("filter", Colleague::find().filter(verified.eq(true)).select_only().column(colleague::Column::Id)),
            ("order", Colleague::find().order_by_asc(verified).select_only().column(colleague::Column::Id)),
            (
                "name",
                Colleague::find().filter(Expr::col("image").is_null()).select_only().column(colleague::Column::Id),
            ),
        ];
        for (way, query) in queries {
            let query = query.into_json();
            let read = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| query.all(cx).await);
            let error = read.await.unwrap_err();
            // PostgreSQL: there is no such column, in a table of which the statement reads three.
            assert_eq!(error.sqlstate(), Some("42703"), "{layers}, {way}: {error}");
        }
        // The control: the person themselves, in a scope that reads whole rows.
        let own = f.db.with_user_context(&f.acme.owner, async |cx| {
            User::find().select_only().column(verified).into_tuple::<bool>().all(cx).await
        });
        assert_eq!(own.await.unwrap(), [false]);
    }
}

/// Layer 3 alone: the grants and the policies, for SQL with no predicate.
#[tokio::test]
async fn the_database_shows_a_tenant_three_columns_of_its_own_people() {
    use sea_orm::sqlx::{AssertSqlSafe, Executor, query_scalar, raw_sql};

    let f = Fixture::new().await;
    let mut stranger = f.database.stranger().await;
    let enter = |f: &Fixture| {
        let (schema, role) = (&f.database.prefix, f.database.role("tenant"));
        let (organization, user) = (f.acme.id, f.acme.owner.user_id());
        format!("BEGIN; SELECT {schema}.enter_tenant('{organization}', '{user}'); SET LOCAL ROLE {role}")
    };
    stranger.execute(raw_sql(AssertSqlSafe(enter(&f)))).await.unwrap();
    let sql = r#"SELECT string_agg(email, ' ' ORDER BY email) FROM "user""#;
    let seen: String = query_scalar(sql).fetch_one(&mut stranger).await.unwrap();
    assert_eq!(seen, "member@acme.example owner@acme.example");
    let denied = query_scalar::<_, bool>(r#"SELECT email_verified FROM "user""#).fetch_all(&mut stranger).await;
    assert_eq!(denied.unwrap_err().as_database_error().unwrap().code().unwrap(), "42501");
    stranger.execute("ROLLBACK").await.unwrap();

    // The control: without the boundary and the access by membership, everybody is seen.
    f.database
        .execute(r#"DROP POLICY tenant_boundary ON "user"; ALTER POLICY tenant_access ON "user" USING (true)"#)
        .await;
    stranger.execute(raw_sql(AssertSqlSafe(enter(&f)))).await.unwrap();
    let seen: i64 = query_scalar(r#"SELECT count(*) FROM "user""#).fetch_one(&mut stranger).await.unwrap();
    assert_eq!(seen, 4);
}

/// What is said to a member without the role tells of no row of another tenant: with its id and without a predicate,
/// there is none.
#[tokio::test]
async fn what_takes_a_role_tells_of_no_other_tenants_row() {
    use sea_orm::sqlx::{AssertSqlSafe, Executor, query, query_scalar, raw_sql};

    let f = Fixture::new().await;
    let (schema, tenant) = (&f.database.prefix, f.database.role("tenant"));
    let (organization, user) = (f.acme.id, f.acme.member.user_id());
    let enter = format!("BEGIN; SELECT {schema}.enter_tenant('{organization}', '{user}'); SET LOCAL ROLE {tenant}");
    let mut owner = f.database.owner().await;
    let mut stranger = f.database.stranger().await;
    for (who, refused) in [(&f.acme.owner, true), (&f.globex.owner, false)] {
        let sql = "SELECT id FROM member WHERE user_id = $1";
        let id: Uuid = query_scalar(sql).bind(who.user_id().0).fetch_one(&mut owner).await.unwrap();
        for sql in [
            format!("DELETE FROM member WHERE id = '{id}'"),
            format!("UPDATE member SET role = 'owner' WHERE id = '{id}'"),
            format!("SELECT FROM member WHERE id = '{id}' FOR UPDATE"),
        ] {
            stranger.execute(raw_sql(AssertSqlSafe(enter.clone()))).await.unwrap();
            let done = query(AssertSqlSafe(sql.clone())).execute(&mut stranger).await;
            assert_eq!(done.is_err(), refused, "{sql}: {done:?}");
            assert!(done.is_err() || done.unwrap().rows_affected() == 0, "{sql}");
            stranger.execute("ROLLBACK").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_person_sees_the_organizations_that_they_are_a_member_of() {
    let f = Fixture::new().await;
    let both = join(&f, &f.acme, "both@acme.example", MemberRole::Admin).await;
    let names = async |who: &Authenticated| {
        let find = Organization::find().order_by_asc(organization::Column::Name);
        let found = f.db.with_user_context(who, async |cx| find.all(cx).await).await.unwrap();
        found.into_iter().map(|organization| organization.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&both).await, ["acme"]);
    let new = NewInvitation { email: "both@acme.example".into(), role: MemberRole::Member, expires_at: next_year() };
    let (id, owner) = (f.globex.id, &f.globex.owner);
    let invitation = f.db.with_tenant_context(id, owner, async |cx| invite(cx, new).await).await.unwrap();
    f.db.with_identity_context(async |cx| accept_invitation(cx, &both, invitation.id).await).await.unwrap();
    assert_eq!(names(&both).await, ["acme", "globex"]);
    assert_eq!(names(&f.acme.owner).await, ["acme"]);
    // Together with what the person is there, and by id.
    let other = f.globex.id;
    f.db.with_user_context(&f.acme.owner, async |cx| {
        assert!(Organization::find_by_id(other).one(cx).await?.is_none());
        let rows = Member::find().find_also_related(Organization).all(cx).await?;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].1.as_ref().map(|organization| organization.name.as_str()), Some("acme"));
        Ok(())
    })
    .await
    .unwrap();
}

/// An `Err` of one of them leaves nothing half done.
fn fails<T: std::fmt::Debug>(result: db::Result<T>, expected: impl Fn(&Error) -> bool) {
    let error = result.unwrap_err();
    assert!(expected(&error), "{error}");
}
