//! There are no scopes but the three: the trait is sealed.

fn kind<S: db::Scope>() -> db::ScopeKind {
    S::KIND
}

fn main() {
    kind::<db::Tenant>();
}
