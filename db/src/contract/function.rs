//! The functions of the contract, as data.

use std::borrow::Cow;

use super::Contract;
use crate::{
    prefix::Prefix,
    scope::{KEY_TYPE, ScopeKind},
    sql::quote,
};

/// Who may execute a function, beside its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Executor {
    Login,
    Scope(ScopeKind),
    /// The definer role, for functions that are not its own.
    Definer,
    /// Whoever migrates: a trigger asks it of whoever makes the trigger.
    Migrating,
}

/// How a function is called, by whom, and as whom it runs: the same in every contract.
#[derive(Debug)]
pub(crate) struct Signature {
    /// Without its schema.
    pub(crate) name: &'static str,
    /// The names of the arguments, and their types.
    arguments: &'static [(&'static str, &'static str)],
    pub(crate) executors: &'static [Executor],
    /// Whether it runs as the definer role, whose it is then; else as its caller.
    pub(crate) definer: bool,
}

const SCOPES: &[Executor] =
    &[Executor::Scope(ScopeKind::Tenant), Executor::Scope(ScopeKind::User), Executor::Scope(ScopeKind::Identity)];
/// The definer role asks, too, in triggers and in the look-up of tokens.
const ASKING: &[Executor] = &[
    Executor::Scope(ScopeKind::Tenant),
    Executor::Scope(ScopeKind::User),
    Executor::Scope(ScopeKind::Identity),
    Executor::Definer,
];
const LOGIN: &[Executor] = &[Executor::Login];
const TENANT: &[Executor] = &[Executor::Scope(ScopeKind::Tenant)];
const IDENTITY: &[Executor] = &[Executor::Scope(ScopeKind::Identity)];
const MIGRATING: &[Executor] = &[Executor::Migrating];

impl Signature {
    const fn new(
        name: &'static str,
        arguments: &'static [(&'static str, &'static str)],
        executors: &'static [Executor],
    ) -> Self {
        Self { name, arguments, executors, definer: false }
    }

    const fn definer(self) -> Self {
        Self { definer: true, ..self }
    }

    /// Returns the name with the types of the arguments, as PostgreSQL lists it: `enter_tenant(uuid,uuid)`.
    pub(crate) fn listed(&self) -> String {
        let types: Vec<_> = self.arguments.iter().map(|(_, of)| *of).collect();
        format!("{}({})", self.name, types.join(","))
    }
}

pub(crate) static ENTER_TENANT: Signature =
    Signature::new("enter_tenant", &[("organization", KEY_TYPE), ("person", KEY_TYPE)], LOGIN).definer();
pub(super) static ENTER_TENANT_AS_SYSTEM: Signature =
    Signature::new("enter_tenant_as_system", &[("organization", KEY_TYPE)], LOGIN).definer();
pub(super) static ENTER_USER: Signature = Signature::new("enter_user", &[("person", KEY_TYPE)], LOGIN).definer();
pub(super) static ENTER_IDENTITY: Signature = Signature::new("enter_identity", &[], LOGIN).definer();
pub(super) static AUTHENTICATE_TOKEN: Signature =
    Signature::new("authenticate_token", &[("digest", "bytea")], IDENTITY).definer();
pub(super) static SEALED_ORGANIZATION_ID: Signature = Signature::new("sealed_organization_id", &[], ASKING);
pub(super) static SEALED_USER_ID: Signature = Signature::new("sealed_user_id", &[], ASKING);
pub(super) static SEALED_IDENTITY: Signature = Signature::new("sealed_identity", &[], ASKING);
pub(super) static SEALED_MEMBER_ID: Signature = Signature::new("sealed_member_id", &[], ASKING);
pub(super) static SEALED_MEMBER_ROLE: Signature = Signature::new("sealed_member_role", &[], ASKING);
pub(super) static CURRENT_ORGANIZATION_ID: Signature = Signature::new("current_organization_id", &[], SCOPES);
pub(super) static CURRENT_USER_ID: Signature = Signature::new("current_user_id", &[], SCOPES);
pub(super) static IN_IDENTITY_CONTEXT: Signature = Signature::new("in_identity_context", &[], SCOPES);
pub(super) static REQUIRE_MEMBER_ROLE: Signature =
    Signature::new("require_member_role", &[("VARIADIC roles", "text[]")], TENANT);
pub(super) static RANKS_MEMBER_ROLE: Signature = Signature::new("ranks_member_role", &[("role", "text")], TENANT);
pub(super) static TOUCH_UPDATED_AT: Signature = Signature::new("touch_updated_at", &[], &[]);
pub(super) static KEEP_AN_OWNER: Signature = Signature::new("keep_an_owner", &[], MIGRATING).definer();
pub(super) static ACT_BY_PRESENT_ROLE: Signature = Signature::new("act_by_present_role", &[], MIGRATING).definer();

/// Every function that a contract may make.
pub(crate) static SIGNATURES: [&Signature; 18] = [
    &ENTER_TENANT,
    &ENTER_TENANT_AS_SYSTEM,
    &ENTER_USER,
    &ENTER_IDENTITY,
    &AUTHENTICATE_TOKEN,
    &SEALED_ORGANIZATION_ID,
    &SEALED_USER_ID,
    &SEALED_IDENTITY,
    &SEALED_MEMBER_ID,
    &SEALED_MEMBER_ROLE,
    &CURRENT_ORGANIZATION_ID,
    &CURRENT_USER_ID,
    &IN_IDENTITY_CONTEXT,
    &REQUIRE_MEMBER_ROLE,
    &RANKS_MEMBER_ROLE,
    &TOUCH_UPDATED_AT,
    &KEEP_AN_OWNER,
    &ACT_BY_PRESENT_ROLE,
];

/// The functions that triggers of the contract run; each trigger has the name of its function.
pub(super) static TRIGGERS: [&Signature; 3] = [&TOUCH_UPDATED_AT, &ACT_BY_PRESENT_ROLE, &KEEP_AN_OWNER];

/// A function as the contract makes it.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) signature: &'static Signature,
    pub(crate) returns: String,
    /// How the planner may treat it, such as `STABLE PARALLEL SAFE`.
    pub(crate) planning: &'static str,
    pub(crate) body: Body,
}

/// What a function does.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// One SQL expression, which the planner inlines, with each bracket and cast as PostgreSQL writes it down.
    Expression(String),
    /// A block of PL/pgSQL, from the end of the line of its opening quote. One that runs as its caller names everything
    /// with its schema, operators too.
    Block(String),
}

impl Function {
    pub(super) fn new(signature: &'static Signature, returns: &str, planning: &'static str, body: Body) -> Self {
        Self { signature, returns: returns.to_owned(), planning, body }
    }

    /// Returns the body as PostgreSQL has it.
    pub(crate) fn body(&self) -> Cow<'_, str> {
        match &self.body {
            Body::Expression(expression) => format!("RETURN {expression}").into(),
            Body::Block(block) => block.as_str().into(),
        }
    }

    fn create(&self, prefix: &Prefix) -> String {
        let Self { signature: Signature { name, arguments, definer, .. }, returns, planning, body } = self;
        let arguments = arguments.iter().map(|(name, of)| format!("{name} {of}")).collect::<Vec<_>>().join(", ");
        let head = format!("CREATE OR REPLACE FUNCTION {prefix}.{name}({arguments}) RETURNS {returns}");
        match body {
            Body::Expression(expression) => format!("{head} LANGUAGE sql {planning} RETURN {expression}"),
            Body::Block(block) => {
                // What runs as its caller has no path of its own, and the schema of each name in its body.
                let security = if *definer { " SECURITY DEFINER SET search_path = pg_catalog, pg_temp" } else { "" };
                let planning = if planning.is_empty() { String::new() } else { format!(" {planning}") };
                format!("{head} LANGUAGE plpgsql{planning}{security} AS $function${block}$function$")
            }
        }
    }
}

impl Contract {
    /// Returns the statements that make functions, with their owners and grants. Those that are the definer role's are
    /// made first, all at once; whoever migrates becomes it for that long.
    pub(super) fn make_functions(&self, functions: &[Function]) -> Vec<String> {
        let statements = |definer: bool| -> Vec<String> {
            let functions = functions.iter().filter(|function| function.signature.definer == definer);
            functions.flat_map(|function| self.make_function(function)).collect()
        };
        let (of_definer, of_caller) = (statements(true), statements(false));
        if of_definer.is_empty() {
            return of_caller;
        }
        [vec![self.become_gate(true)], of_definer, vec![self.become_gate(false)], of_caller].concat()
    }

    fn make_function(&self, function: &Function) -> Vec<String> {
        let signature = function.signature;
        let name = format!("{}.{}", self.prefix, signature.listed());
        let mut others = vec!["PUBLIC".to_owned(), quote(&self.login)];
        others.extend(ScopeKind::ALL.map(|scope| self.prefix.role(scope)));
        let mut statements =
            vec![function.create(&self.prefix), format!("REVOKE ALL ON FUNCTION {name} FROM {}", others.join(", "))];
        if signature.definer {
            statements.push(format!("ALTER FUNCTION {name} OWNER TO {}", self.prefix.gate()));
        }
        let executors = signature.executors.iter().map(|executor| match executor {
            Executor::Login => quote(&self.login),
            Executor::Scope(scope) => self.prefix.role(*scope),
            Executor::Definer => self.prefix.gate(),
            Executor::Migrating => "CURRENT_USER".to_owned(),
        });
        let executors: Vec<_> = executors.collect();
        if !executors.is_empty() {
            statements.push(format!("GRANT EXECUTE ON FUNCTION {name} TO {}", executors.join(", ")));
        }
        statements
    }

    /// Returns every function that the contract makes.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut functions = self.own_functions();
        functions.extend(self.act_by_present_role());
        functions.extend(self.keep_an_owner());
        functions.extend(self.authenticate_token());
        functions
    }

    /// Returns the statements that make one function again.
    pub(crate) fn remake(&self, function: &Function) -> Vec<String> {
        self.make_functions(std::slice::from_ref(function))
    }
}
