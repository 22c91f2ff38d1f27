//! A scope attribute stands on an entity, so not on any other struct.

mod note {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Note {
        pub id: Uuid,
        pub organization_id: OrganizationId,
    }
}

fn main() {}
