//! What PostgreSQL may look at before a policy has passed.

use std::collections::HashSet;

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart};

use super::catalog::{Engine, Table};
use super::design::Term;
use super::syntax::{Predicate, Test, expression};

/// Functions and operators of which the catalogue says that they tell nothing of what they see.
///
/// Row-level security lets no other condition on a row be looked at before its policies, and so none by an
/// index: of PostgreSQL's own, those on patterns, decimal numbers, arrays and documents.
#[derive(Debug, Default)]
pub(crate) struct Leakproof {
    pub(crate) functions: Vec<Function>,
    /// Names, each with the type that it compares values of.
    pub(crate) operators: HashSet<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Function {
    /// Its name and arguments, as SQL names it.
    #[cfg(feature = "postgres")]
    pub(crate) signature: String,
    /// Whether it is PostgreSQL's own.
    #[cfg(feature = "postgres")]
    pub(crate) is_built_in: bool,
    pub(crate) name: String,
    /// The types of its arguments.
    pub(crate) arguments: Vec<String>,
    /// The type of what it gives.
    pub(crate) gives: String,
}

impl Leakproof {
    /// Whether a condition may be looked at before the table's policies.
    pub(crate) fn allows(&self, table: &Table, predicate: &Predicate) -> bool {
        let operators: &[&str] = match predicate.test {
            Test::Contains => &["~~", "~~*"],
            Test::Equal | Test::In(_) | Test::Join(_) => &["="],
            Test::IsNull => &[],
            Test::Prefix => &["~~"],
            Test::Range { .. } => &["<"],
            // No index serves them anyway.
            Test::HeldBack | Test::Other | Test::UnknownPattern => return true,
        };
        let of = match &predicate.term {
            Term::Column(name) => column_type(table, name),
            Term::Expression(text) => expression(Engine::Postgres, text)
                .and_then(|expression| self.type_of(table, &expression)),
        };
        let Some(of) = of else { return false };
        let has = |operator: &&str| {
            self.operators
                .contains(&((*operator).to_owned(), of.clone()))
        };
        operators.iter().all(has)
    }

    /// The type of an expression; `None` where it may tell something of what it sees.
    fn type_of(&self, table: &Table, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Nested(inner) => self.type_of(table, inner),
            Expr::Identifier(name) => column_type(table, &name.value),
            Expr::Function(function) => {
                let name = function.name.0.last().and_then(ObjectNamePart::as_ident)?;
                let FunctionArguments::List(list) = &function.args else {
                    return None;
                };
                let arguments = list.args.iter().map(|argument| match argument {
                    // A value takes whichever type is wanted.
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(_))) => Some(None),
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => {
                        self.type_of(table, inner).map(Some)
                    }
                    _ => None,
                });
                let arguments: Vec<Option<String>> = arguments.collect::<Option<_>>()?;
                let found = self.functions.iter().find(|function| {
                    function.name.eq_ignore_ascii_case(&name.value) && function.takes(&arguments)
                });
                found.map(|function| function.gives.clone())
            }
            _ => None,
        }
    }
}

impl Function {
    fn takes(&self, arguments: &[Option<String>]) -> bool {
        let mut pairs = self.arguments.iter().zip(arguments);
        self.arguments.len() == arguments.len()
            && pairs.all(|(own, given)| given.as_ref().is_none_or(|given| given == own))
    }
}

/// The type whose operators and functions a column's values are given to.
fn column_type(table: &Table, name: &str) -> Option<String> {
    Some(table.column(name)?.compared_as.clone())
}
