//! What a statement asks of each table, read from its syntax tree.

mod access;
mod canonical;
mod condition;
mod reader;
mod scope;

use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

use super::catalog::{Catalog, Engine};

pub(crate) use self::access::{Access, Order, Predicate, Purpose, Test};
pub(crate) use self::canonical::{canonical, conjuncts};

/// Every mention of a table of the catalogue in the statement; `None` where it cannot be read.
pub(crate) fn accesses(catalog: &Catalog, sql: &str) -> Option<Vec<Access>> {
    let statements = Parser::parse_sql(dialect(catalog.engine), sql).ok()?;
    Some(reader::Reader::read(catalog, &statements))
}

fn dialect(engine: Engine) -> &'static dyn Dialect {
    match engine {
        Engine::Postgres => &PostgreSqlDialect {},
        Engine::Sqlite => &SQLiteDialect {},
    }
}

/// A condition or expression as a catalogue writes it, in the words that statements are compared in.
pub(crate) fn expression(engine: Engine, sql: &str) -> Option<sqlparser::ast::Expr> {
    let mut parser = Parser::new(dialect(engine)).try_with_sql(sql).ok()?;
    parser.parse_expr().ok()
}
