use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use tenancy_commerce::Limit;
use tenancy_commerce::customer::{CustomerQuery, SqlCustomers};
use tenancy_core::TenantId;
use tenancy_core::journal::{Entry, EntryQuery};
use tenancy_tests::shops::Shops;

/// All rows and all entries of one shop.
pub(super) struct Books {
    shop: TenantId,
    rows: HashMap<String, Value>,
    entries: Vec<Entry>,
}

impl Books {
    pub(super) async fn of(shops: &Shops, shop: TenantId) -> Self {
        let scope = shops.scope(shop).await.unwrap();
        let mut tx = shops.database().read(&scope).await.unwrap();
        let mut rows = HashMap::new();
        let mut query = CustomerQuery {
            limit: Limit::MAX,
            ..CustomerQuery::default()
        };
        loop {
            let page = SqlCustomers::list_in(&mut tx, &query).await.unwrap();
            for row in page.items {
                rows.insert(row.id.to_string(), serde_json::to_value(row).unwrap());
            }
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        let mut entries = Vec::new();
        let mut query = EntryQuery {
            limit: Some(250),
            ..EntryQuery::default()
        };
        loop {
            let page = Entry::trail(&mut tx, &query).await.unwrap();
            entries.extend(page.entries);
            query.before = page.next;
            if query.before.is_none() {
                break;
            }
        }
        tx.commit().await.unwrap();
        entries.sort_by_key(|entry| entry.sequence);
        Self {
            shop,
            rows,
            entries,
        }
    }

    /// Whether the last entry was handed over.
    pub(super) fn is_handed_over(&self, log: &str) -> bool {
        let numbered = self.entries.iter().all(|entry| entry.sequence.is_some());
        let last = self.taken(log).map(|(sequence, _)| sequence).max();
        numbered && last == self.entries.last().and_then(|entry| entry.sequence)
    }

    pub(super) fn check(&self, log: &str) {
        self.check_numbers();
        self.check_rows();
        self.check_what_was_kept(log);
        self.check_what_was_taken(log);
    }

    /// From one on, without gaps or repetitions.
    fn check_numbers(&self) {
        for (entry, expected) in self.entries.iter().zip(1..) {
            assert_eq!(entry.sequence, Some(expected), "{entry:?}");
        }
    }

    /// The entries of one customer, in the order of their numbers, lead from nothing to the row
    /// without a break: none is missing, none is there twice, none is another transaction's.
    fn check_rows(&self) {
        let mut pictures = BTreeMap::<&str, Option<&Value>>::new();
        for entry in &self.entries {
            let last = pictures.entry(&entry.resource_id).or_default();
            assert_eq!(*last, entry.before.as_ref(), "{entry:?}");
            assert_ne!(entry.before, entry.after, "{entry:?}");
            *last = entry.after.as_ref();
        }
        let alive = pictures
            .into_iter()
            .filter_map(|(id, picture)| Some((id.to_owned(), picture?.clone())));
        assert_eq!(alive.collect::<HashMap<_, _>>(), self.rows);
    }

    /// What a writer was told is kept, is.
    fn check_what_was_kept(&self, log: &str) {
        let marks: HashSet<_> = self
            .entries
            .iter()
            .filter_map(|entry| entry.after.as_ref()?["phone"].as_str())
            .collect();
        let mut kept = 0;
        for words in self.lines(log, "kept") {
            assert!(marks.contains(words[0]), "{} is lost", words[0]);
            kept += 1;
        }
        assert!(kept > 20, "only {kept} changes were kept");
    }

    /// Every entry was handed over, and none before the one that precedes it.
    fn check_what_was_taken(&self, log: &str) {
        let mut last = 0;
        for (sequence, id) in self.taken(log) {
            assert!(sequence <= last + 1, "{sequence} was taken after {last}");
            last = last.max(sequence);
            let entry = &self.entries[sequence as usize - 1];
            assert_eq!(entry.id.to_string(), id, "{sequence} was another entry");
        }
        assert_eq!(last, self.entries.len() as i64);
    }

    fn taken<'a>(&self, log: &'a str) -> impl Iterator<Item = (i64, &'a str)> {
        let lines = self.lines(log, "took");
        lines.map(|words| (words[0].parse().unwrap(), words[1]))
    }

    /// What follows this verb and the shop, in each line.
    fn lines<'a>(&self, log: &'a str, verb: &str) -> impl Iterator<Item = Vec<&'a str>> {
        let beginning = format!("{verb} {} ", self.shop);
        log.lines()
            .filter_map(move |line| line.strip_prefix(&*beginning))
            .map(|rest| rest.split(' ').collect())
    }
}
