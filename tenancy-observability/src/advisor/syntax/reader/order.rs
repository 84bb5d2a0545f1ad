use sqlparser::ast::{Expr, OrderByKind, OrderByOptions, OrderBySort, Query, Select, SelectItem};

use super::Reader;
use super::names::{aliased, arguments, is_limited, last_name};
use crate::advisor::syntax::access::Order;
use crate::advisor::syntax::scope::{Relation, Source};

impl Reader<'_> {
    /// The order that one table's rows are wanted in.
    pub(super) fn order(&mut self, query: &Query, select: &Select, is_plain: bool) {
        let Some(order_by) = &query.order_by else {
            return self.limit_alone(query, is_plain);
        };
        let OrderByKind::Expressions(items) = &order_by.kind else {
            return;
        };
        let mut of = None;
        let mut order = Vec::new();
        for item in items {
            let expr = aliased(&item.expr, &select.projection);
            self.look_at(expr);
            let (expr, collation) = match expr {
                Expr::Collate { expr, collation } => (&**expr, last_name(collation)),
                expr => (expr, None),
            };
            let Some((access, term)) = self.term(expr) else {
                return;
            };
            if *of.get_or_insert(access) != access {
                return;
            }
            let OrderByOptions { sort, nulls_first } = &item.options;
            let descending = matches!(sort, Some(OrderBySort::Desc));
            order.push(Order {
                term,
                descending,
                nulls_first: nulls_first.filter(|first| *first != descending),
                collation,
            });
        }
        if let Some(access) = of
            && is_plain
        {
            self.accesses[access].order = order;
            self.accesses[access].is_limited = is_limited(query);
        }
    }

    /// A limit without an order stops early, and then no index is needed for it.
    pub(super) fn limit_alone(&mut self, query: &Query, is_plain: bool) {
        let innermost = self.scopes.last();
        if let Some(
            [
                Relation {
                    source: Source::Access(access),
                    ..
                },
            ],
        ) = innermost.map(|scope| scope.relations.as_slice())
            && is_plain
        {
            self.accesses[*access].is_limited = is_limited(query);
        }
    }

    /// The least or greatest value is the first in an order.
    pub(super) fn extreme(&mut self, select: &Select, first: usize, is_plain: bool) {
        let [
            SelectItem::UnnamedExpr(Expr::Function(function))
            | SelectItem::ExprWithAlias {
                expr: Expr::Function(function),
                ..
            },
        ] = select.projection.as_slice()
        else {
            return;
        };
        let descending = match function.name.to_string().to_lowercase().as_str() {
            "max" => true,
            "min" => false,
            _ => return,
        };
        let arguments = arguments(&function.args);
        if let [argument] = arguments[..]
            && let Some((access, term)) = self.term(argument)
            && self.accesses.len() == first + 1
            && is_plain
        {
            self.accesses[access].is_limited = true;
            self.accesses[access].order = vec![Order {
                term,
                descending,
                nulls_first: None,
                collation: None,
            }];
        }
    }
}
