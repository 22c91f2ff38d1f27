//! Whether a context writes, and what it holds.

use std::sync::OnceLock;

use super::{Context, after_commit::Hooks, transaction::Transaction};
use crate::{prefix::Prefix, scope::Scope};

/// A context may read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadWrite {}

/// A context may only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnly {}

/// What a context may do: [`ReadWrite`] or [`ReadOnly`]. Sealed: there are no others.
pub trait Mode: sealed::Mode {}

impl Mode for ReadWrite {}
impl Mode for ReadOnly {}

/// A transaction, and what it was opened for.
#[expect(unnameable_types, missing_debug_implementations, reason = "sealed: what a mode wraps")]
pub struct Opened<S: Scope> {
    pub(super) transaction: Transaction,
    /// INVARIANT: they go where the transaction goes, so that those of one context never run for the commit of another.
    pub(super) after_commit: Hooks,
    pub(super) ids: S::Ids,
    pub(super) prefix: Prefix,
    /// The member's role, once it was asked for.
    pub(super) member_role: OnceLock<String>,
}

mod sealed {
    use super::{Context, Opened, ReadOnly, ReadWrite};
    use crate::Scope;

    /// How a context of a mode holds its transaction. One that writes holds one that reads, which is what it
    /// dereferences to.
    #[expect(unnameable_types, reason = "sealed: the two modes are the only ones")]
    pub trait Mode: Sized + Send + Sync + Unpin + 'static {
        type Inner<S: Scope>: Send + Sync + Unpin;
        const READ_ONLY: bool;

        fn wrap<S: Scope>(opened: Opened<S>) -> Self::Inner<S>;
        fn unwrap<S: Scope>(inner: Self::Inner<S>) -> Opened<S>;
        fn opened<S: Scope>(inner: &Self::Inner<S>) -> &Opened<S>;
        fn opened_mut<S: Scope>(inner: &mut Self::Inner<S>) -> &mut Opened<S>;
    }

    impl Mode for ReadOnly {
        type Inner<S: Scope> = Opened<S>;
        const READ_ONLY: bool = true;

        fn wrap<S: Scope>(opened: Opened<S>) -> Opened<S> {
            opened
        }
        fn unwrap<S: Scope>(inner: Opened<S>) -> Opened<S> {
            inner
        }
        fn opened<S: Scope>(inner: &Opened<S>) -> &Opened<S> {
            inner
        }
        fn opened_mut<S: Scope>(inner: &mut Opened<S>) -> &mut Opened<S> {
            inner
        }
    }

    impl Mode for ReadWrite {
        type Inner<S: Scope> = Context<S, ReadOnly>;
        const READ_ONLY: bool = false;

        fn wrap<S: Scope>(opened: Opened<S>) -> Context<S, ReadOnly> {
            Context { inner: opened }
        }
        fn unwrap<S: Scope>(inner: Context<S, ReadOnly>) -> Opened<S> {
            inner.inner
        }
        fn opened<S: Scope>(inner: &Context<S, ReadOnly>) -> &Opened<S> {
            &inner.inner
        }
        fn opened_mut<S: Scope>(inner: &mut Context<S, ReadOnly>) -> &mut Opened<S> {
            &mut inner.inner
        }
    }
}
