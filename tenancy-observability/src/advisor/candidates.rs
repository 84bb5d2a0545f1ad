//! Indexes that might serve a mention of a table: what equals first, the tenant before all, then one
//! range or the order that rows are wanted in.

use super::catalog::{Catalog, Engine, Table};
use super::cost::predicate_share;
use super::design::{Design, Key, Term};
use super::syntax::{Access, Order, Predicate, Purpose, Test};

/// Indexes that only together are of use, mostly one.
pub(crate) type Bundle = Vec<Design>;

/// A condition that so few rows meet is worth an index of just those.
const RARE_SHARE: f64 = 0.1;
/// No more keys than anybody reads; the database takes 32.
const KEYS_MAX: usize = 6;
/// Fewer rows are fetched from the table as quickly.
const COVERED_ROWS_MIN: f64 = 100.0;
/// So many columns are carried along at most, and no wider than this together.
const INCLUDED_MAX: usize = 4;
const INCLUDED_BYTES_MAX: f64 = 64.0;

pub(crate) fn bundles(catalog: &Catalog, access: &Access, tenant_column: &str) -> Vec<Bundle> {
    let table = &catalog.tables[access.table];
    if access.purpose == Purpose::Insert {
        return Vec::new();
    }
    let shaper = Shaper {
        engine: catalog.engine,
        table,
        tenant_column,
    };
    let mut bundles: Vec<Bundle> = Vec::new();
    for arms in &access.alternatives {
        let bundle: Bundle = arms
            .iter()
            .filter_map(|arm| shaper.smallest(&[&access.predicates[..], arm].concat(), arm))
            .collect();
        let differ = (1..bundle.len()).all(|place| !bundle[..place].contains(&bundle[place]));
        if bundle.len() == arms.len() && differ {
            bundles.push(bundle);
        }
    }
    bundles.extend(
        shaper
            .designs(access)
            .into_iter()
            .map(|design| vec![design]),
    );
    let mut seen = Vec::new();
    bundles.retain(|bundle| {
        let is_new = !seen.contains(bundle) && bundle.iter().all(|design| !design.keys.is_empty());
        if is_new {
            seen.push(bundle.clone());
        }
        is_new
    });
    bundles
}

struct Shaper<'a> {
    engine: Engine,
    table: &'a Table,
    tenant_column: &'a str,
}

impl Shaper<'_> {
    fn designs(&self, access: &Access) -> Vec<Design> {
        let predicates = &access.predicates;
        let mut designs = self.plain(predicates, access);
        designs.extend(self.patterns(predicates));
        for (place, condition) in predicates.iter().enumerate() {
            if !self.is_partial(condition) {
                continue;
            }
            let mut others = predicates.clone();
            let condition = others.remove(place);
            let mut partial = self.plain(&others, access);
            if partial.is_empty()
                && let Some(key) = self.key_for_partial(&condition)
            {
                partial.push(Design::btree(vec![key]));
            }
            designs.extend(partial.into_iter().map(|design| Design {
                predicate: vec![condition.text.clone()],
                ..design
            }));
        }
        let wider: Vec<_> = designs
            .iter()
            .filter_map(|design| self.covering(design, access))
            .collect();
        designs.extend(wider);
        designs
    }

    /// Without conditions of the index's own.
    fn plain(&self, predicates: &[Predicate], access: &Access) -> Vec<Design> {
        let equal = self.equalities(predicates, |predicate| predicate.is_equality());
        let joined = self.equalities(predicates, |predicate| {
            matches!(predicate.test, Test::Join(_))
        });
        let mut heads = vec![equal.clone()];
        for join in &joined {
            let mut head: Vec<Key> = equal
                .iter()
                .filter(|key| key.term != join.term)
                .cloned()
                .collect();
            head.push(join.clone());
            heads.push(head.clone());
            let mut short: Vec<Key> = self.tenant_keys(&equal);
            short.retain(|key| key.term != join.term);
            short.push(join.clone());
            heads.push(short);
        }
        if joined.len() > 1 {
            let mut head = equal.clone();
            head.extend(joined.iter().filter(|key| !equal.contains(key)).cloned());
            heads.push(head);
        }
        let mut designs = Vec::new();
        for head in heads {
            for length in 1..=head.len() {
                designs.push(head[..length].to_vec());
            }
            for range in predicates.iter().filter(|predicate| predicate.is_range()) {
                designs.push([&head[..], &self.range_key(range)].concat());
            }
            let order = order_keys(&access.order, predicates);
            if !order.is_empty() {
                designs.push([&head[..], &order].concat());
                if let Some(single) = predicates.iter().find(|predicate| is_list(predicate)) {
                    // A list of values breaks the order, so what is listed stands behind it.
                    let before: Vec<Key> = head
                        .iter()
                        .filter(|key| key.term != single.term)
                        .cloned()
                        .collect();
                    designs.push([&before[..], &order].concat());
                }
            }
        }
        designs.retain(|keys| !keys.is_empty() && keys.len() <= KEYS_MAX && !repeats(keys));
        designs.into_iter().map(Design::btree).collect()
    }

    /// The index for one arm of an `OR`: what equals everywhere, then the arm's own.
    fn smallest(&self, predicates: &[Predicate], arm: &[Predicate]) -> Option<Design> {
        let mut keys = self.tenant_keys(&self.equalities(predicates, Predicate::is_equality));
        for key in self.equalities(arm, Predicate::is_equality) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if keys
            .iter()
            .all(|key| key.term.column() == Some(self.tenant_column))
        {
            let range = arm.iter().find(|predicate| predicate.is_range())?;
            keys.extend(self.range_key(range));
        }
        Some(Design::btree(keys))
    }

    fn tenant_keys(&self, keys: &[Key]) -> Vec<Key> {
        let is_tenant = |key: &&Key| key.term.column() == Some(self.tenant_column);
        keys.iter().filter(is_tenant).cloned().collect()
    }

    /// Keys for what equals: the tenant, then those that leave the fewest rows.
    fn equalities(
        &self,
        predicates: &[Predicate],
        wanted: impl Fn(&Predicate) -> bool,
    ) -> Vec<Key> {
        let mut chosen: Vec<&Predicate> = Vec::new();
        for predicate in predicates.iter().filter(|predicate| wanted(predicate)) {
            if !chosen.iter().any(|other| other.term == predicate.term) {
                chosen.push(predicate);
            }
        }
        let rank = |predicate: &&Predicate| {
            let is_tenant = predicate.term.column() == Some(self.tenant_column);
            // To a tenth of a power of ten, so that like columns stay as the statement has them.
            let share = (predicate_share(self.table, predicate).log10() * 10.0).round();
            #[allow(clippy::cast_possible_truncation, reason = "a logarithm is small")]
            let share = share as i64;
            (!is_tenant, is_list(predicate), share)
        };
        chosen.sort_by_key(rank);
        chosen.into_iter().map(key_of).collect()
    }

    fn range_key(&self, range: &Predicate) -> Vec<Key> {
        let mut key = key_of(range);
        if range.test == Test::Prefix && self.engine == Engine::Postgres {
            key.opclass = self.pattern_opclass(&range.term);
        }
        vec![key]
    }

    /// `None` where the column sorts by character already.
    fn pattern_opclass(&self, term: &Term) -> Option<String> {
        let column = term.column().and_then(|name| self.table.column(name));
        let collation = column.and_then(|column| column.collation.as_deref());
        if matches!(collation, Some("C" | "POSIX")) {
            return None;
        }
        let is_varchar =
            column.is_some_and(|column| column.data_type.starts_with("character varying"));
        let name = if is_varchar {
            "varchar_pattern_ops"
        } else {
            "text_pattern_ops"
        };
        Some(name.to_owned())
    }

    /// Whether an index of only the rows that meet the condition is worth a thought.
    fn is_partial(&self, predicate: &Predicate) -> bool {
        if predicate.text.is_empty() || predicate.text.contains(" AND ") {
            return false;
        }
        let share = predicate_share(self.table, predicate);
        let is_tenant = predicate.term.column() == Some(self.tenant_column);
        match predicate.test {
            Test::IsNull => !is_tenant,
            // A value that stands in the statement, not one of very many.
            Test::Equal => {
                predicate.value.is_some()
                    && !is_tenant
                    && share < RARE_SHARE
                    && self.has_few_values(&predicate.term)
            }
            Test::Other => predicate.text.ends_with(" IS NOT NULL") && share < RARE_SHARE,
            _ => false,
        }
    }

    fn has_few_values(&self, term: &Term) -> bool {
        let column = term.column().and_then(|name| self.table.column(name));
        column
            .and_then(|column| column.statistics.as_ref())
            .is_some_and(|statistics| statistics.distinct <= 100.0)
    }

    /// What an index of a condition's rows holds where the statement asks for nothing else.
    fn key_for_partial(&self, condition: &Predicate) -> Option<Key> {
        let share = predicate_share(self.table, condition);
        let key = || Key::ascending(condition.term.clone());
        (share < RARE_SHARE).then(key)
    }

    /// Patterns within texts, by their trigrams.
    fn patterns(&self, predicates: &[Predicate]) -> Vec<Design> {
        if self.engine == Engine::Sqlite {
            return Vec::new();
        }
        let patterns = predicates
            .iter()
            .filter(|predicate| predicate.test == Test::Contains);
        patterns
            .map(|predicate| Design {
                method: "gin".to_owned(),
                keys: vec![Key {
                    opclass: Some("gin_trgm_ops".to_owned()),
                    ..Key::ascending(predicate.term.clone())
                }],
                include: Vec::new(),
                predicate: Vec::new(),
            })
            .collect()
    }

    /// The same index with all that the statement looks at, where that is little.
    fn covering(&self, design: &Design, access: &Access) -> Option<Design> {
        if design.method != "btree" || access.purpose != Purpose::Read {
            return None;
        }
        // How much an open range finds is a guess, too weak to write more for.
        let guessed = access.predicates.iter().any(Predicate::is_range);
        if guessed || self.rows_visited(access) < COVERED_ROWS_MIN {
            return None;
        }
        let columns = access.columns.as_ref()?;
        let is_key = |name: &str| {
            design
                .keys
                .iter()
                .any(|key| key.term.column() == Some(name))
        };
        let is_there = |name: &String| is_key(name) || self.is_row_number(name);
        let include: Vec<String> = columns
            .iter()
            .filter(|name| !is_there(name))
            .cloned()
            .collect();
        if include.is_empty() || include.len() > INCLUDED_MAX {
            return None;
        }
        let mut width = 0.0;
        for name in &include {
            width += self.table.column(name)?.statistics.as_ref()?.width_bytes;
        }
        if width > INCLUDED_BYTES_MAX {
            return None;
        }
        let mut wider = design.clone();
        match self.engine {
            Engine::Postgres => wider.include = include,
            Engine::Sqlite => wider.keys.extend(
                include
                    .into_iter()
                    .map(|name| Key::ascending(Term::Column(name))),
            ),
        }
        Some(wider)
    }

    /// How many rows one lookup has to look at, with the best of indexes.
    fn rows_visited(&self, access: &Access) -> f64 {
        if access.is_limited && !access.order.is_empty() {
            return 0.0;
        }
        let found = access
            .predicates
            .iter()
            .filter(|predicate| !matches!(predicate.test, Test::HeldBack | Test::Other));
        let share: f64 = found
            .map(|predicate| predicate_share(self.table, predicate))
            .product();
        self.table.rows * share
    }

    /// SQLite's indexes all have the number of their rows.
    fn is_row_number(&self, name: &str) -> bool {
        self.engine == Engine::Sqlite && self.table.row_number() == Some(name)
    }
}

/// Keys in an order, without those that are fixed anyway.
fn order_keys(order: &[Order], predicates: &[Predicate]) -> Vec<Key> {
    let is_fixed = |item: &&Order| {
        !predicates.iter().any(|predicate| {
            predicate.term == item.term
                && matches!(
                    predicate.test,
                    Test::Equal | Test::IsNull | Test::In(Some(1))
                )
        })
    };
    order
        .iter()
        .filter(is_fixed)
        .map(|item| Key {
            term: item.term.clone(),
            descending: item.descending,
            nulls_first: item.nulls_first,
            collation: item.collation.clone(),
            opclass: None,
        })
        .collect()
}

fn key_of(predicate: &Predicate) -> Key {
    Key {
        collation: predicate.collation.clone(),
        ..Key::ascending(predicate.term.clone())
    }
}

fn is_list(predicate: &Predicate) -> bool {
    matches!(predicate.test, Test::In(values) if values != Some(1))
}

fn repeats(keys: &[Key]) -> bool {
    keys.iter()
        .enumerate()
        .any(|(place, key)| keys[..place].iter().any(|other| other.term == key.term))
}
