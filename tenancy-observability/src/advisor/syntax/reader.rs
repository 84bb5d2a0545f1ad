use std::collections::HashMap;

use sqlparser::ast::{
    AssignmentTarget, Cte, Delete, Distinct, Expr, FromTable, FunctionArg, FunctionArgExpr,
    FunctionArguments, GroupByExpr, Ident, InTarget, Insert, Join, JoinConstraint, JoinOperator,
    LimitClause, ObjectName, OrderByKind, OrderByOptions, OrderBySort, Query, Select, SelectItem,
    SetExpr, Statement, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use super::access::{Access, Order, Purpose};
use super::canonical::canonical;
use super::scope::{Outputs, Place, Relation, Scope, Source};
use crate::advisor::catalog::Catalog;
use crate::advisor::design::Term;
use crate::advisor::syntax::expression;

/// Walks a statement and collects what it asks of each mention of a table.
pub(super) struct Reader<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) accesses: Vec<Access>,
    /// From the outermost to the innermost.
    pub(super) scopes: Vec<Scope>,
    /// Queries with a name, which each mention reads anew.
    named: HashMap<String, Cte>,
    /// Views that are being read, since one may not name itself.
    depth: usize,
}

/// Views upon views, and queries within queries, are followed this far.
const DEPTH_MAX: usize = 24;

impl<'a> Reader<'a> {
    pub(super) fn read(catalog: &'a Catalog, statements: &[Statement]) -> Vec<Access> {
        let mut reader = Self {
            catalog,
            accesses: Vec::new(),
            scopes: Vec::new(),
            named: HashMap::new(),
            depth: 0,
        };
        for statement in statements {
            reader.statement(statement);
        }
        reader.accesses
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Query(query) => drop(self.query(query)),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Explain { statement, .. } => self.statement(statement),
            _ => {}
        }
    }

    fn insert(&mut self, insert: &Insert) {
        if let TableObject::TableName(name) = &insert.table
            && let Some(table) = self.find(name)
        {
            self.accesses.push(Access::new(table, Purpose::Insert));
        }
        if let Some(source) = &insert.source {
            self.query(source);
        }
    }

    fn update(&mut self, update: &Update) {
        let written = update.assignments.iter().flat_map(|assignment| {
            let names = match &assignment.target {
                AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
                AssignmentTarget::Tuple(names) => names.as_slice(),
            };
            names.iter().filter_map(last_name)
        });
        let purpose = Purpose::Update(written.collect());
        self.scopes.push(Scope::default());
        self.target(&update.table, purpose);
        if let Some(
            UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables),
        ) = &update.from
        {
            self.from(tables);
        }
        for assignment in &update.assignments {
            self.look_at(&assignment.value);
        }
        self.selection(update.selection.as_ref());
        self.scopes.pop();
    }

    fn delete(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
        self.scopes.push(Scope::default());
        for table in tables {
            self.target(table, Purpose::Delete);
        }
        self.from(delete.using.as_deref().unwrap_or_default());
        self.selection(delete.selection.as_ref());
        self.scopes.pop();
    }

    /// The table that is written, with what is joined to it.
    fn target(&mut self, table: &TableWithJoins, purpose: Purpose) {
        let before = self.accesses.len();
        self.from(std::slice::from_ref(table));
        if let Some(access) = self.accesses.get_mut(before) {
            access.purpose = purpose;
        }
    }

    /// Reads a query, and tells which of its columns are a table's.
    pub(super) fn query(&mut self, query: &Query) -> Outputs {
        if self.depth >= DEPTH_MAX {
            return Outputs::new();
        }
        self.depth += 1;
        let shadowed = self.named.clone();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = cte.alias.name.value.clone();
            match &*cte.query.body {
                // One that writes runs whether it is named or not.
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) => {
                    self.query(&cte.query);
                }
                _ if query.with.as_ref().is_some_and(|with| with.recursive) => {
                    self.query(&cte.query);
                    self.named.insert(name, cte.clone());
                }
                _ => drop(self.named.insert(name, cte.clone())),
            }
        }
        let outputs = self.body(&query.body, Some(query));
        self.named = shadowed;
        self.depth -= 1;
        // Conditions do not reach behind a limit.
        if is_limited(query) {
            Outputs::new()
        } else {
            outputs
        }
    }

    fn body(&mut self, body: &SetExpr, query: Option<&Query>) -> Outputs {
        match body {
            SetExpr::Select(select) => self.select(select, query),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, None);
                self.body(right, None);
                Outputs::new()
            }
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => {
                self.statement(statement);
                Outputs::new()
            }
            SetExpr::Values(_) | SetExpr::Table(_) => Outputs::new(),
        }
    }

    fn select(&mut self, select: &Select, query: Option<&Query>) -> Outputs {
        self.scopes.push(Scope::default());
        let first = self.accesses.len();
        self.from(&select.from);
        for item in &select.projection {
            self.item(item);
        }
        self.selection(select.selection.as_ref());
        if let Some(having) = &select.having {
            self.look_at(having);
        }
        let grouped = match &select.group_by {
            GroupByExpr::Expressions(exprs, _) => exprs.as_slice(),
            GroupByExpr::All(_) => &[],
        };
        grouped.iter().for_each(|expr| self.look_at(expr));
        let is_plain = grouped.is_empty()
            && select.having.is_none()
            && !matches!(select.distinct, Some(Distinct::Distinct));
        if let Some(query) = query {
            self.order(query, select, is_plain);
        }
        self.extreme(select, first, is_plain);
        let outputs = self.outputs(&select.projection);
        self.scopes.pop();
        outputs
    }

    fn item(&mut self, item: &SelectItem) {
        match item {
            SelectItem::UnnamedExpr(expr)
            | SelectItem::ExprWithAlias { expr, .. }
            | SelectItem::ExprWithAliases { expr, .. } => self.look_at(expr),
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => self.look_at_all(),
        }
    }

    fn outputs(&self, projection: &[SelectItem]) -> Outputs {
        let mut outputs = Outputs::new();
        for item in projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    if let (Some(place), Some(name)) = (self.place(expr), column_name(expr)) {
                        outputs.insert(name, place);
                    }
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    if let Some(place) = self.place(expr) {
                        outputs.insert(alias.value.clone(), place);
                    }
                }
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                    outputs.extend(self.all_columns());
                }
                SelectItem::ExprWithAliases { .. } => {}
            }
        }
        outputs
    }

    fn all_columns(&self) -> Outputs {
        let mut all = Outputs::new();
        let innermost = self.scopes.last().into_iter();
        for relation in innermost.flat_map(|scope| &scope.relations) {
            match &relation.source {
                Source::Access(access) => {
                    let table = &self.catalog.tables[self.accesses[*access].table];
                    all.extend(table.columns.iter().map(|column| {
                        let place = Place {
                            access: *access,
                            column: column.name.clone(),
                        };
                        (column.name.clone(), place)
                    }));
                }
                Source::Derived(outputs) => all.extend(outputs.clone()),
            }
        }
        all
    }

    fn from(&mut self, tables: &[TableWithJoins]) {
        for table in tables {
            self.factor(&table.relation);
            for join in &table.joins {
                self.join(join);
            }
        }
    }

    fn join(&mut self, join: &Join) {
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

    fn relations(&self) -> usize {
        self.scopes.last().map_or(0, |scope| scope.relations.len())
    }

    /// `USING`: the column has the same name on both sides.
    fn joined_by(&mut self, before: usize, name: &str) {
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

    fn factor(&mut self, factor: &TableFactor) {
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

    fn relate(&mut self, alias: String, source: Source) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.relations.push(Relation { alias, source });
        }
    }

    fn source(&mut self, name: &ObjectName, own_name: &str) -> Source {
        if name.0.len() == 1
            && let Some(cte) = self.named.get(own_name).cloned()
        {
            // It does not see itself, and not what only the outer query names.
            self.named.remove(own_name);
            let outputs = self.query(&cte.query);
            let renamed = renamed(outputs, &cte.query, &cte.alias.columns);
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

    fn find(&self, name: &ObjectName) -> Option<usize> {
        self.catalog
            .find(schema_name(name).as_deref(), &last_name(name)?)
    }

    /// The order that one table's rows are wanted in.
    fn order(&mut self, query: &Query, select: &Select, is_plain: bool) {
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
    fn limit_alone(&mut self, query: &Query, is_plain: bool) {
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
    fn extreme(&mut self, select: &Select, first: usize, is_plain: bool) {
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

    /// Notes that two columns have to be equal.
    pub(super) fn joined(&mut self, left: &Place, right: &Place) {
        use super::access::{Predicate, Test};
        for (place, other) in [(left, right), (right, left)] {
            self.accesses[place.access].predicates.push(Predicate {
                term: Term::Column(place.column.clone()),
                test: Test::Join(other.access),
                text: String::new(),
                value: None,
                collation: None,
            });
            self.used(place);
        }
    }

    pub(super) fn used(&mut self, place: &Place) {
        if let Some(columns) = &mut self.accesses[place.access].columns {
            columns.insert(place.column.clone());
        }
    }

    /// Notes every column that an expression looks at, and reads the queries in it.
    pub(super) fn look_at(&mut self, expr: &Expr) {
        if let Some(place) = self.place(expr) {
            return self.used(&place);
        }
        match expr {
            Expr::Subquery(query)
            | Expr::Exists {
                subquery: query, ..
            } => {
                self.query(query);
            }
            Expr::In {
                expr,
                target: InTarget::Subquery(query),
                ..
            } => {
                self.look_at(expr);
                self.query(query);
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => self.look_at_all(),
            _ => children(expr)
                .into_iter()
                .for_each(|child| self.look_at(child)),
        }
    }

    fn look_at_all(&mut self) {
        let innermost = self.scopes.last().into_iter();
        for relation in innermost.flat_map(|scope| &scope.relations) {
            match &relation.source {
                Source::Access(access) => self.accesses[*access].columns = None,
                Source::Derived(outputs) => {
                    for place in outputs.values() {
                        if let Some(columns) = &mut self.accesses[place.access].columns {
                            columns.insert(place.column.clone());
                        }
                    }
                }
            }
        }
    }

    /// The column of a table that an expression is.
    pub(super) fn place(&self, expr: &Expr) -> Option<Place> {
        let (qualifier, name): (Option<&Ident>, &Ident) = match expr {
            Expr::Identifier(name) => (None, name),
            Expr::CompoundIdentifier(names) => {
                let (name, path) = names.split_last()?;
                (path.last(), name)
            }
            Expr::Nested(inner) => return self.place(inner),
            _ => return None,
        };
        let qualifier = qualifier.map(|qualifier| qualifier.value.as_str());
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.resolve(self.catalog, &self.accesses, qualifier, &name.value))
    }

    /// What an index could hold of the expression, and of which mention.
    pub(super) fn term(&self, expr: &Expr) -> Option<(usize, Term)> {
        if let Some(place) = self.place(expr) {
            return Some((place.access, Term::Column(place.column)));
        }
        let text = canonical(expr)?;
        let mut places = Vec::new();
        self.places(expr, &mut places);
        let access = places.first()?.access;
        let is_one = places.iter().all(|place| place.access == access);
        is_one.then_some((access, Term::Expression(text)))
    }

    fn places(&self, expr: &Expr, found: &mut Vec<Place>) {
        match self.place(expr) {
            Some(place) => found.push(place),
            None => children(expr)
                .into_iter()
                .for_each(|child| self.places(child, found)),
        }
    }
}

/// The parts of an expression, other than queries.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
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

fn arguments(arguments: &FunctionArguments) -> Vec<&Expr> {
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

fn is_limited(query: &Query) -> bool {
    let limit = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => limit.is_some(),
        Some(LimitClause::OffsetCommaLimit { .. }) => true,
        None => false,
    };
    limit || query.fetch.is_some()
}

/// What an alias, or a number, in `ORDER BY` stands for.
fn aliased<'a>(expr: &'a Expr, projection: &'a [SelectItem]) -> &'a Expr {
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
fn renamed(
    outputs: Outputs,
    query: &Query,
    names: &[sqlparser::ast::TableAliasColumnDef],
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

fn column_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(names) => Some(names.last()?.value.clone()),
        _ => None,
    }
}

fn last_name(name: &ObjectName) -> Option<String> {
    Some(name.0.last()?.as_ident()?.value.clone())
}

fn schema_name(name: &ObjectName) -> Option<String> {
    let before = name.0.len().checked_sub(2)?;
    Some(name.0.get(before)?.as_ident()?.value.clone())
}
