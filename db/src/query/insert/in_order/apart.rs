//! Rows of which the statement itself says which is which.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityName, Iterable,
    sea_query::{
        Asterisk, CommonTableExpression, Expr, InsertStatement, Query, SelectStatement, UnionType, Value, WithClause,
    },
};

use crate::{
    Context, Facade, Result, Scope,
    context::transaction::Bound,
    error::Kind,
    query::{returning::returning_row, select::model},
    scope::facade::{ActiveModel, Column, Model, table_name},
    sql::build,
};

/// The column that says which row it is.
const PLACE: &str = "the_place_of_this";

/// The columns that a row sets, with their values.
type Cells<F> = Vec<(Column<F>, Value)>;

/// Inserts each row by an `INSERT` of its own, all in one statement.
///
/// Where all rows set the same columns, there is room for 1, 2, 4, 8 or 16 of them, some of it for none: so five texts do
/// for any number. Other texts are not kept.
pub(super) async fn apart<F: Facade, S: Scope>(rows: Vec<ActiveModel<F>>, cx: &Context<S>) -> Result<Vec<Model<F>>> {
    let number = rows.len();
    let mut rows: Vec<Cells<F>> = rows.into_iter().map(cells::<F>).collect();
    let are_alike = rows.windows(2).all(|pair| match pair {
        [one, other] => sets_same::<F>(one, other),
        _ => true,
    });
    if let Some(last) = rows.last().filter(|last| are_alike && !last.is_empty()) {
        let none: Cells<F> = last.iter().map(|(column, value)| (*column, value.as_null())).collect();
        rows.resize(number.next_power_of_two(), none);
    }
    let mut inserts = WithClause::new();
    let mut select: Option<SelectStatement> = None;
    for (place, row) in rows.into_iter().enumerate() {
        let name = format!("the_row_{place}_of_this");
        let insert = insert::<F>(row, are_alike.then_some(place < number));
        inserts.cte(CommonTableExpression::new().query(insert).table_name(name.clone()).to_owned());
        let place = i32::try_from(place).unwrap_or(i32::MAX);
        let one = Query::select()
            .expr_as(Expr::Constant(Value::Int(Some(place))), PLACE)
            .column((name.clone(), Asterisk))
            .from(name)
            .to_owned();
        select = Some(match select {
            None => one,
            Some(mut all) => all.union(UnionType::All, one).to_owned(),
        });
    }
    let Some(mut select) = select else { return Ok(Vec::new()) };
    let statement = build(&select.with_cte(inserts).to_owned());
    let statement = if are_alike { Bound::Values(statement) } else { Bound::Once(statement) };
    let unfit = |_| Kind::Row { table: table_name::<F>(), column: Some(PLACE.to_owned()) };
    let mut found = Vec::with_capacity(number);
    for row in cx.fetch_all(statement).await? {
        found.push((row.try_get::<i32>("", PLACE).map_err(unfit)?, model::<F>(&row)?));
    }
    if found.len() != number {
        // A trigger has left one out.
        return Err(Kind::NotFound { table: table_name::<F>() }.into());
    }
    found.sort_unstable_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

fn cells<F: Facade>(mut row: ActiveModel<F>) -> Cells<F> {
    let cell = |column| match row.take(column) {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some((column, value)),
        ActiveValue::NotSet => None,
    };
    Column::<F>::iter().filter_map(cell).collect()
}

fn sets_same<F: Facade>(one: &Cells<F>, other: &Cells<F>) -> bool {
    use sea_orm::IdenStatic;

    one.iter().map(|(column, _)| column.as_str()).eq(other.iter().map(|(column, _)| column.as_str()))
}

/// Returns the `INSERT` of one row; `is_given` binds whether there is one.
fn insert<F: Facade>(row: Cells<F>, is_given: Option<bool>) -> InsertStatement {
    let mut insert = Query::insert();
    insert.into_table(F::Entity::default().table_ref()).returning(returning_row::<F>());
    insert.columns(row.iter().map(|(column, _)| *column)).or_default_values();
    let values = row.into_iter().map(|(column, value)| column.save_as(Expr::val(value)));
    // As many values as columns, in each case.
    match is_given {
        _ if values.len() == 0 => {}
        Some(is_given) => {
            let row = Query::select().exprs(values).and_where(Expr::val(is_given)).to_owned();
            insert.select_from(row).ok();
        }
        None => {
            insert.values(values).ok();
        }
    }
    insert
}
