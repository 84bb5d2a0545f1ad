//! Parts of a syntax tree, and the names in it.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, InTarget, LimitClause, ObjectName,
    Query, SelectItem, SetExpr, TableAliasColumnDef,
};

use crate::advisor::syntax::scope::Outputs;

/// The parts of an expression, other than queries.
pub(in crate::advisor::syntax) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::Nested(inner)
        | Expr::UnaryOp { expr: inner, .. }
        | Expr::Cast { expr: inner, .. }
        | Expr::Collate { expr: inner, .. }
        | Expr::Extract { expr: inner, .. }
        | Expr::Ceil { expr: inner, .. }
        | Expr::Floor { expr: inner, .. }
        | Expr::Trim { expr: inner, .. }
        | Expr::Substring { expr: inner, .. } => vec![inner],
        Expr::BinaryOp { left, right, .. }
        | Expr::AnyOp { left, right, .. }
        | Expr::AllOp { left, right, .. }
        | Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right) => vec![left, right],
        Expr::AtTimeZone {
            timestamp,
            time_zone,
        } => vec![timestamp, time_zone],
        Expr::Between {
            expr, low, high, ..
        } => vec![expr, low, high],
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => vec![expr, pattern],
        Expr::In {
            expr,
            target: InTarget::List(list),
            ..
        } => std::iter::once(&**expr).chain(list).collect(),
        Expr::Tuple(list) => list.iter().collect(),
        Expr::Array(array) => array.elem.iter().collect(),
        Expr::Case {
            operand,
            conditions,
            else_result,
            ..
        } => {
            let branches = conditions
                .iter()
                .flat_map(|when| [&when.condition, &when.result]);
            let ends = operand.iter().chain(else_result).map(|expr| &**expr);
            branches.chain(ends).collect()
        }
        Expr::Function(function) => {
            let filter = function.filter.as_deref();
            arguments(&function.args)
                .into_iter()
                .chain(filter)
                .collect()
        }
        _ => Vec::new(),
    }
}

pub(in crate::advisor::syntax) fn arguments(arguments: &FunctionArguments) -> Vec<&Expr> {
    let FunctionArguments::List(list) = arguments else {
        return Vec::new();
    };
    let values = list.args.iter().map(|argument| match argument {
        FunctionArg::Named { arg, .. }
        | FunctionArg::ExprNamed { arg, .. }
        | FunctionArg::Unnamed(arg) => arg,
    });
    values
        .filter_map(|argument| match argument {
            FunctionArgExpr::Expr(expr) => Some(expr),
            _ => None,
        })
        .collect()
}

pub(in crate::advisor::syntax) fn is_limited(query: &Query) -> bool {
    let limit = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => limit.is_some(),
        Some(LimitClause::OffsetCommaLimit { .. }) => true,
        None => false,
    };
    limit || query.fetch.is_some()
}

/// What an alias, or a number, in `ORDER BY` stands for.
pub(in crate::advisor::syntax) fn aliased<'a>(
    expr: &'a Expr,
    projection: &'a [SelectItem],
) -> &'a Expr {
    if let Expr::Identifier(name) = expr {
        for item in projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && alias.value == name.value
            {
                return expr;
            }
        }
    }
    let place = expr.to_string().parse::<usize>().ok();
    let item = place.and_then(|place| projection.get(place.checked_sub(1)?));
    match item {
        Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => expr,
        _ => expr,
    }
}

/// The columns under the names that `WITH name (…)` gives them.
pub(in crate::advisor::syntax) fn renamed(
    outputs: Outputs,
    query: &Query,
    names: &[TableAliasColumnDef],
) -> Outputs {
    let SetExpr::Select(select) = &*query.body else {
        return outputs;
    };
    if names.is_empty() {
        return outputs;
    }
    let columns = select.projection.iter().map(|item| match item {
        SelectItem::UnnamedExpr(expr) => column_name(expr),
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        _ => None,
    });
    let pairs = names.iter().zip(columns);
    pairs
        .filter_map(|(new, old)| Some((new.name.value.clone(), outputs.get(&old?)?.clone())))
        .collect()
}

pub(in crate::advisor::syntax) fn column_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(names) => Some(names.last()?.value.clone()),
        _ => None,
    }
}

pub(in crate::advisor::syntax) fn last_name(name: &ObjectName) -> Option<String> {
    Some(name.0.last()?.as_ident()?.value.clone())
}

pub(in crate::advisor::syntax) fn schema_name(name: &ObjectName) -> Option<String> {
    let before = name.0.len().checked_sub(2)?;
    Some(name.0.get(before)?.as_ident()?.value.clone())
}
