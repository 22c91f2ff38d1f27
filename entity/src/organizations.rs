//! Listing the organizations.

use db::{Db, Result, prelude::*};
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    stream::{iter, try_unfold},
};

use crate::{Organization, organization::Column};

/// How many ids are fetched at a time.
const PAGE: u64 = 500;

/// Returns the ids of all organizations, in their own order; for [`Db::for_each_tenant`].
///
/// They are fetched in pages of 500, each in a context for sign-in of its own, so that a connection is held while a
/// page is fetched and at no other time. One that is made meanwhile is found where its id is a later one, as that of
/// [`OrganizationId::new`] is. The first error is the last item.
///
/// ```
/// # async fn f(db: &db::Db) {
/// let report = db.for_each_tenant("nightly clean-up")
///     .run(entity::organizations(db), async |cx| {
///         // …
/// #       let _ = cx;
///         Ok::<_, db::Error>(())
///     })
///     .await;
/// assert!(report.is_complete(), "{report}");
/// # }
/// ```
pub fn organizations(db: &Db) -> impl Stream<Item = Result<OrganizationId>> + Send + use<> {
    let db = db.clone();
    let first = Some(None);
    let pages = try_unfold(first, move |next| {
        let db = db.clone();
        async move {
            let Some(after) = next else { return Ok(None) };
            let ids = page(&db, after).await?;
            // A page that is not full is the last one.
            let next = ids.last().copied().filter(|_| ids.len() as u64 == PAGE).map(Some);
            Ok::<_, db::Error>(Some((iter(ids.into_iter().map(Ok)), next)))
        }
    });
    // What is passed on is then a pointer, and not all that a query needs.
    pages.try_flatten().boxed()
}

async fn page(db: &Db, after: Option<OrganizationId>) -> Result<Vec<OrganizationId>> {
    let page = Organization::find()
        .apply_if(after, |find, id| find.filter(Column::Id.gt(id)))
        .order_by_asc(Column::Id)
        .limit(PAGE);
    let organizations = db.identity().read_only().run(async |cx| page.all(cx).await).await?;
    Ok(organizations.into_iter().map(|organization| organization.id).collect())
}
