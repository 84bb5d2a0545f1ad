//! Expressions in one way of writing, so that a statement's and an index's can be compared.

use sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    InTarget, UnaryOperator, Value,
};

use crate::advisor::catalog::quoted;

/// The expression without qualifiers, parentheses and casts that change nothing, or `None` where it
/// holds what no index can: a parameter outside of a comparison, a subquery.
pub(crate) fn canonical(expr: &Expr) -> Option<String> {
    Some(match expr {
        Expr::Identifier(name) => quoted(&name.value),
        Expr::CompoundIdentifier(names) => quoted(&names.last()?.value),
        Expr::Nested(inner) => canonical(inner)?,
        Expr::Cast {
            expr, data_type, ..
        } => {
            let inner = canonical(expr)?;
            if is_text(data_type) || matches!(**expr, Expr::Value(_) | Expr::Array(_)) {
                inner
            } else {
                format!("({inner})::{}", data_type.to_string().to_lowercase())
            }
        }
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => format!("'{}'", text.replace('\'', "''")),
            Value::Number(number, _) => number.clone(),
            Value::Boolean(value) => value.to_string(),
            Value::Null => "NULL".to_owned(),
            _ => return None,
        },
        Expr::Function(function) => call(function)?,
        Expr::BinaryOp { left, op, right } => {
            let (left, right) = (canonical(left)?, canonical(right)?);
            let op = match op {
                BinaryOperator::PGLikeMatch => "LIKE".to_owned(),
                op => op.to_string(),
            };
            format!("{left} {op} {right}")
        }
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => format!("NOT {}", canonical(expr)?),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => format!("-{}", canonical(expr)?),
        Expr::IsNull(inner) => format!("{} IS NULL", canonical(inner)?),
        Expr::IsNotNull(inner) => format!("{} IS NOT NULL", canonical(inner)?),
        Expr::IsTrue(inner) => canonical(inner)?,
        Expr::IsFalse(inner) => format!("NOT {}", canonical(inner)?),
        Expr::In {
            expr,
            target: InTarget::List(list),
            negated: false,
            ..
        } => one_of(expr, list)?,
        Expr::AnyOp {
            left,
            compare_op: BinaryOperator::Eq,
            right,
            ..
        } => match uncast(right) {
            Expr::Array(array) => one_of(left, &array.elem)?,
            _ => return None,
        },
        Expr::Collate { expr, collation } => format!("{} COLLATE {collation}", canonical(expr)?),
        _ => return None,
    })
}

/// The conditions that are all met where `expr` is.
pub(crate) fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Nested(inner) => conjuncts(inner),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => [conjuncts(left), conjuncts(right)].concat(),
        other => vec![other],
    }
}

pub(super) fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => uncast(expr),
        other => other,
    }
}

fn call(function: &Function) -> Option<String> {
    if function.over.is_some() || function.filter.is_some() {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let mut arguments = Vec::new();
    for argument in &list.args {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => arguments.push(canonical(expr)?),
            _ => return None,
        }
    }
    let name = function.name.to_string().to_lowercase();
    Some(format!("{name}({})", arguments.join(", ")))
}

fn one_of(expr: &Expr, list: &[Expr]) -> Option<String> {
    let mut values = list.iter().map(canonical).collect::<Option<Vec<_>>>()?;
    values.sort();
    Some(format!("{} IN ({})", canonical(expr)?, values.join(", ")))
}

/// Types between which PostgreSQL writes casts that say nothing.
fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Text | DataType::Varchar(_) | DataType::CharacterVarying(_)
    )
}
