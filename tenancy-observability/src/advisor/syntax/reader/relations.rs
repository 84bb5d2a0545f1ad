//! What stands behind `FROM`.

use sqlparser::ast::{
    CteAsMaterialized, Expr, Join, JoinConstraint, JoinOperator, ObjectName, TableFactor,
    TableWithJoins,
};

use super::Reader;
use super::names::{last_name, renamed, schema_name};
use crate::advisor::syntax::access::{Access, Purpose};
use crate::advisor::syntax::expression;
use crate::advisor::syntax::scope::{Outputs, Relation, Source};

impl Reader<'_> {
    pub(super) fn from(&mut self, tables: &[TableWithJoins]) {
        for table in tables {
            self.factor(&table.relation);
            for join in &table.joins {
                self.join(join);
            }
        }
    }

    pub(super) fn join(&mut self, join: &Join) {
        let before = self.relations();
        self.factor(&join.relation);
        let (JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)) = &join.join_operator
        else {
            return;
        };
        match constraint {
            JoinConstraint::On(on) => self.selection(Some(on)),
            JoinConstraint::Using(columns) => {
                for name in columns.iter().filter_map(last_name) {
                    self.joined_by(before, &name);
                }
            }
            _ => {}
        }
    }

    pub(super) fn relations(&self) -> usize {
        self.scopes.last().map_or(0, |scope| scope.relations.len())
    }

    /// `USING`: the column has the same name on both sides.
    pub(super) fn joined_by(&mut self, before: usize, name: &str) {
        let Some(scope) = self.scopes.last() else {
            return;
        };
        let column = |relations: &[Relation]| {
            relations
                .iter()
                .find_map(|relation| relation.column(self.catalog, &self.accesses, name))
        };
        let (left, right) = scope.relations.split_at(before);
        if let (Some(left), Some(right)) = (column(left), column(right)) {
            self.joined(&left, &right);
        }
    }

    pub(super) fn factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let Some(own_name) = last_name(name) else {
                    return;
                };
                let source = self.source(name, &own_name);
                let alias = alias
                    .as_ref()
                    .map_or(own_name, |alias| alias.name.value.clone());
                self.relate(alias, source);
            }
            TableFactor::Derived {
                subquery, alias, ..
            } => {
                let outputs = self.query(subquery);
                let alias = alias.as_ref().map(|alias| alias.name.value.clone());
                self.relate(alias.unwrap_or_default(), Source::Derived(outputs));
            }
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.from(std::slice::from_ref(table_with_joins)),
            _ => {}
        }
    }

    pub(super) fn relate(&mut self, alias: String, source: Source) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.relations.push(Relation { alias, source });
        }
    }

    pub(super) fn source(&mut self, name: &ObjectName, own_name: &str) -> Source {
        if name.0.len() == 1
            && let Some(cte) = self.named.get(own_name).cloned()
        {
            // It does not see itself, and not what only the outer query names.
            self.named.remove(own_name);
            let outputs = self.query(&cte.query);
            let mut renamed = renamed(outputs, &cte.query, &cte.alias.columns);
            *self.mentions.entry(own_name.to_owned()).or_default() += 1;
            let is_kept = match cte.materialized {
                Some(CteAsMaterialized::Materialized) => true,
                Some(CteAsMaterialized::NotMaterialized) => false,
                None => self.kept.contains(own_name),
            };
            if is_kept {
                renamed.clear();
            }
            self.named.insert(own_name.to_owned(), cte);
            return Source::Derived(renamed);
        }
        if let Some(table) = self.find(name) {
            self.accesses.push(Access::new(table, Purpose::Read));
            return Source::Access(self.accesses.len() - 1);
        }
        let schema = schema_name(name);
        let view = self.catalog.view(schema.as_deref(), own_name);
        let body = view.and_then(|view| {
            expression(
                self.catalog.engine,
                &format!("({})", view.sql.trim_end_matches(';')),
            )
        });
        match body {
            Some(Expr::Subquery(query)) => Source::Derived(self.query(&query)),
            _ => Source::Derived(Outputs::new()),
        }
    }

    pub(super) fn find(&self, name: &ObjectName) -> Option<usize> {
        self.catalog
            .find(schema_name(name).as_deref(), &last_name(name)?)
    }
}
