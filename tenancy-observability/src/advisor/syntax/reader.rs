pub(super) mod names;
mod order;
mod relations;

use std::collections::{BTreeSet, HashMap};

use sqlparser::ast::{
    AssignmentTarget, Cte, Delete, Distinct, Expr, FromTable, GroupByExpr, Ident, InTarget, Insert,
    Query, Select, SelectItem, SetExpr, Statement, TableObject, TableWithJoins, Update,
    UpdateTableFromKind,
};

use self::names::{children, column_name, is_limited, last_name};
use super::access::{Access, Predicate, Purpose, Test};
use super::canonical::canonical;
use super::scope::{Outputs, Place, Scope, Source};
use crate::advisor::catalog::Catalog;
use crate::advisor::design::Term;

/// Walks a statement and collects what it asks of each mention of a table.
pub(super) struct Reader<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) accesses: Vec<Access>,
    /// From the outermost to the innermost.
    pub(super) scopes: Vec<Scope>,
    /// Queries with a name, which each mention reads anew.
    named: HashMap<String, Cte>,
    /// How often each of them is mentioned.
    pub(super) mentions: HashMap<String, usize>,
    /// Those whose rows are found before anybody asks for some of them.
    pub(super) kept: BTreeSet<String>,
    /// Views that are being read, since one may not name itself.
    depth: usize,
}

/// Views upon views, and queries within queries, are followed this far.
const DEPTH_MAX: usize = 24;

impl<'a> Reader<'a> {
    pub(super) fn read(catalog: &'a Catalog, statements: &[Statement]) -> Vec<Access> {
        let first = Self::pass(catalog, statements, BTreeSet::new());
        let mentions = first.mentions.into_iter();
        // A query that is mentioned more than once is run once, for all of them.
        let kept: BTreeSet<_> = mentions
            .filter(|(_, count)| *count > 1)
            .map(|(name, _)| name)
            .collect();
        if kept.is_empty() {
            return first.accesses;
        }
        Self::pass(catalog, statements, kept).accesses
    }

    fn pass(catalog: &'a Catalog, statements: &[Statement], kept: BTreeSet<String>) -> Self {
        let mut reader = Self {
            catalog,
            accesses: Vec::new(),
            scopes: Vec::new(),
            named: HashMap::new(),
            mentions: HashMap::new(),
            kept,
            depth: 0,
        };
        for statement in statements {
            reader.statement(statement);
        }
        reader
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
        let first = self.accesses.len();
        self.scopes.push(Scope {
            relations: Vec::new(),
            first,
            is_limited: query.is_some_and(is_limited),
        });
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

    /// Notes that two columns have to be equal.
    pub(super) fn joined(&mut self, left: &Place, right: &Place) {
        for (place, other) in [(left, right), (right, left)] {
            self.used(place);
            let parting = self.scopes.iter().find(|scope| {
                scope.is_limited && (place.access < scope.first) != (other.access < scope.first)
            });
            let test = match parting {
                None => Test::Join(other.access),
                // For the query that runs for each row, the row's column is a value like any other.
                Some(scope) if place.access >= scope.first => Test::Equal,
                Some(_) => continue,
            };
            self.accesses[place.access].predicates.push(Predicate {
                term: Term::Column(place.column.clone()),
                test,
                text: String::new(),
                value: None,
                collation: None,
            });
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
