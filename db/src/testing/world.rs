//! Two tenants with rows in every table, and a stranger.

mod filling;
mod probe_schema;

pub(super) use filling::condition;
use sea_orm::sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::{
    Result,
    copy::Copied,
    failure,
    fill::{Made, Party, Side},
    session::Session,
    setup::Isolation,
    subject::Subject,
    tables::Catalog,
};
use crate::{Authenticated, Db, DbOptions, OrganizationId, Registry, ScopeKind, UserId, prefix::Prefix};

/// Everything that is probed; its copies are dropped with it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) catalog: Catalog,
    pub(super) subjects: Vec<Subject>,
    pub(super) made: Vec<Made>,
    pub(super) victim: Party,
    pub(super) hostile: Party,
    pub(super) stranger: Party,
    pub(super) prefix: Prefix,
    login: DbOptions,
    login_role: String,
    superuser: PgConnectOptions,
    /// What opens a context of each scope for the hostile side.
    messages: [(ScopeKind, String); 3],
    /// The filled database, as all copies start; nobody is connected to it.
    filled: Copied,
    /// The copy that the probes run on.
    probed: Copied,
}

impl World {
    /// Fills a copy of the database.
    pub(super) async fn new(setup: &Isolation) -> Result<Self> {
        let superuser = setup.owner()?;
        let login_role = setup.contract.login_role().to_owned();
        let database = superuser.get_database().unwrap_or_else(|| superuser.get_username()).to_owned();
        require_superuser(&superuser).await?;
        let filled = Copied::of(&superuser, &database, &login_role).await?;
        let mut session = filled.connect().await?;
        let party = |side, people| Party {
            side,
            organization: Uuid::new_v4(),
            people: std::iter::repeat_with(Uuid::new_v4).take(people).collect(),
        };
        let (victim, hostile, stranger) = (party(Side::Victim, 2), party(Side::Hostile, 2), party(Side::Stranger, 1));
        let catalog = Catalog::read(&mut session).await?;
        let mut subjects = subjects(&setup.registry, &catalog, &mut session).await?;
        let parties = [&victim, &hostile, &stranger];
        let made = filling::fill(&mut session, &catalog, &mut subjects, setup, parties).await?;
        filling::look(&mut session, &mut subjects, &hostile).await?;
        probe_schema::install(&mut session, &catalog).await?;
        session.close().await?;
        let probed = Copied::of(&superuser, &filled.name, &login_role).await?;
        let login = setup.login.clone();
        let prefix = login.prefix.clone();
        // Refuses a login that no policy holds.
        let db = Db::connect(login.clone().on_database(&probed.name)).await?;
        let messages = messages(&db, &hostile);
        db.close().await;
        Ok(Self {
            catalog,
            subjects,
            made,
            victim,
            hostile,
            stranger,
            prefix,
            login,
            login_role,
            superuser,
            messages,
            filled,
            probed,
        })
    }

    /// Returns the name of the database that the probes run on.
    pub(super) fn probed(&self) -> &str {
        &self.probed.name
    }

    /// Makes another copy of the filled database.
    pub(super) async fn copy(&self) -> Result<Copied> {
        Copied::of(&self.superuser, &self.filled.name, &self.login_role).await
    }

    /// Returns options for a pool of the login role on a copy.
    pub(super) fn options(&self, database: &str) -> DbOptions {
        self.login.clone().on_database(database).max_connections(1)
    }

    /// Connects as the login role.
    pub(super) async fn login(&self, database: &str) -> Result<Session> {
        let options = self.options(database);
        let mut session = Session::connect(&options.connect_options()).await?;
        if let Some(authorize) = options.authorization() {
            session.run(&authorize).await?;
        }
        Ok(session)
    }

    /// Connects to the probed copy as the superuser.
    pub(super) async fn superuser(&self) -> Result<Session> {
        self.probed.connect().await
    }

    pub(super) fn login_role(&self) -> &str {
        &self.login_role
    }

    /// Returns the message by which the hostile side opens a context.
    pub(super) fn message(&self, scope: ScopeKind) -> &str {
        self.messages.iter().find(|(of, _)| *of == scope).map_or("", |(_, message)| message)
    }

    /// Returns the subject of a table, and whose a row of it is.
    pub(super) fn side_of(&self, relation: &str, line: &super::fill::Line) -> Option<Side> {
        let table = self.catalog.tables.iter().position(|table| table.sql() == relation)?;
        let key = self.catalog.tables[table].key();
        let same =
            |made: &&Made| made.table == table && key.iter().all(|column| made.line.get(*column) == line.get(*column));
        self.made.iter().find(same).map(|made| made.side)
    }
}

/// Tables are filled under `FORCE ROW LEVEL SECURITY`, and databases made.
async fn require_superuser(options: &PgConnectOptions) -> Result<()> {
    let mut session = Session::connect(options).await?;
    let is_superuser = "SELECT 'yes' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper";
    let found = session.lines(is_superuser).await?;
    session.close().await?;
    if found.is_empty() {
        return Err(failure(
            "the URL has to be of a superuser: tables are filled under FORCE ROW LEVEL SECURITY, and databases made"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Finds the tables of the entities.
async fn subjects(registry: &Registry, catalog: &Catalog, session: &mut Session) -> Result<Vec<Subject>> {
    let mut subjects = Vec::new();
    for entity in registry.entities() {
        let table = catalog.find(session, entity.table_name()).await?;
        let of = &catalog.tables[table];
        let key = of.key().into_iter().map(str::to_owned).collect();
        subjects.push(Subject {
            entity: entity.clone(),
            table,
            sql: of.sql(),
            key,
            views: Vec::new(),
            spares: Vec::new(),
        });
    }
    Ok(subjects)
}

/// The person of the highest role.
pub(super) fn who(party: &Party) -> Authenticated {
    Authenticated::assume(UserId::from(party.people.first().copied().unwrap_or_default()))
}

/// Returns what a context of each scope opens with, as the pool would send it.
fn messages(db: &Db, hostile: &Party) -> [(ScopeKind, String); 3] {
    let who = who(hostile);
    [
        (ScopeKind::Tenant, db.tenant(OrganizationId::from(hostile.organization), &who).opening_message()),
        (ScopeKind::User, db.user(&who).opening_message()),
        (ScopeKind::Identity, db.identity().opening_message()),
    ]
}
