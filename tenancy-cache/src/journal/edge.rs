use std::collections::BTreeSet;
use std::slice;

use tenancy_core::TenantScope;
use tenancy_core::journal::{Consumer, ConsumerError, Entry, Retry};

use super::FlushOrder;
use crate::version::Flush;

/// A cache in front of the server, such as a CDN's, that can be told to forget by tags.
pub trait Edge: Send + Sync + 'static {
    /// Forgets what was flushed. It is told at least once, in order, and again where it failed.
    fn forget(
        &self,
        scope: &TenantScope,
        flushed: &Flushed,
    ) -> impl Future<Output = Result<(), ConsumerError>> + Send;
}

/// What of a tenant's was flushed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flushed {
    /// Whether it may stand in for what cannot be loaded.
    pub how: Flush,
    /// The tags, each as its parts with `/` between them; `None` for all that the tenant has.
    pub tags: Option<BTreeSet<String>>,
}

/// Follows tenants' journals and tells an [`Edge`] what was flushed, by changes and by
/// [`FlushOrder`]s: a [`Consumer`] for the [`Worker`](tenancy_core::journal::Worker).
///
/// What several entries flush is told at once, each tag once. What cannot be told is parked after some
/// attempts. The order to flush a class is told as all, for an edge knows no classes.
#[derive(Clone, Debug)]
pub struct EdgeFollower<E> {
    edge: E,
    attempts: u32,
}

/// How many entries are told of at once; each has two tags at most.
const ENTRIES_MAX: usize = 100;

impl<E> EdgeFollower<E> {
    /// What its place in every journal is called.
    pub const NAME: &'static str = "edge";
}

impl<E: Edge> EdgeFollower<E> {
    /// Tells this one.
    pub fn new(edge: E) -> Self {
        Self { edge, attempts: 12 }
    }

    /// Sets after how many attempts an entry is parked. Default: 12, which takes about three minutes.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }
}

impl<E: Edge> Consumer for EdgeFollower<E> {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn retry(&self) -> Retry {
        Retry::Park {
            attempts: self.attempts,
        }
    }

    async fn handle(&self, scope: &TenantScope, entry: &Entry) -> Result<(), ConsumerError> {
        self.handle_batch(scope, slice::from_ref(entry)).await
    }

    fn batch(&self) -> usize {
        ENTRIES_MAX
    }

    async fn handle_batch(
        &self,
        scope: &TenantScope,
        entries: &[Entry],
    ) -> Result<(), ConsumerError> {
        for flushed in Flushed::of(entries) {
            self.edge.forget(scope, &flushed).await?;
        }
        Ok(())
    }
}

impl Flushed {
    /// What these entries flush, hard before soft.
    fn of(entries: &[Entry]) -> Vec<Self> {
        let [mut hard, mut soft] = [Flush::Hard, Flush::Soft].map(|how| Self {
            how,
            tags: Some(BTreeSet::new()),
        });
        for entry in entries {
            match FlushOrder::of(&entry.resource, &entry.resource_id, &entry.action) {
                None => {
                    let Entry {
                        resource,
                        resource_id,
                        ..
                    } = entry;
                    hard.add([resource.clone(), format!("{resource}/{resource_id}")]);
                }
                Some(order) => {
                    let flushed = match order.how() {
                        Flush::Hard => &mut hard,
                        Flush::Soft => &mut soft,
                    };
                    match order.tag_parts() {
                        Some(parts) => flushed.add([parts.to_owned()]),
                        None => flushed.tags = None,
                    }
                }
            }
        }
        match (&hard.tags, &mut soft.tags) {
            (None, _) => soft.tags = Some(BTreeSet::new()),
            (Some(hard), Some(soft)) => soft.retain(|tag| !hard.contains(tag)),
            (Some(_), None) => {}
        }
        let some = |one: &Self| one.tags.as_ref().is_none_or(|tags| !tags.is_empty());
        [hard, soft].into_iter().filter(some).collect()
    }

    fn add<const N: usize>(&mut self, tags: [String; N]) {
        if let Some(all) = &mut self.tags {
            all.extend(tags);
        }
    }
}

#[cfg(test)]
mod tests {
    use tenancy_core::Actor;
    use tenancy_core::time::Time;

    use super::*;

    fn entry(action: &str, resource: &str, resource_id: &str) -> Entry {
        Entry {
            id: Default::default(),
            sequence: Some(1),
            at: Time::from_microseconds(0),
            actor: Actor::anonymous(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            resource_id: resource_id.to_owned(),
            before: None,
            after: None,
            request_id: None,
        }
    }

    #[test]
    fn each_tag_is_told_once_and_hard_where_both_were_asked_for() {
        let check = |entries: &[(&str, &str, &str)], expected: &[(Flush, Option<&[&str]>)]| {
            let all: Vec<_> = entries.iter().map(|(a, r, id)| entry(a, r, id)).collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(how, tags)| Flushed {
                    how: *how,
                    tags: tags.map(|tags| tags.iter().map(|&tag| tag.to_owned()).collect()),
                })
                .collect();
            assert_eq!(Flushed::of(&all), expected, "{entries:?}");
        };
        let (one, two) = (("updated", "product", "1"), ("created", "product", "2"));
        let both: &[&str] = &["product", "product/1", "product/2"];
        check(&[one, two, one], &[(Flush::Hard, Some(both))]);
        let soft = |what| ("made_stale", "cache", what);
        let stale = [soft("tag/product/1"), soft("tag/a/b/c")];
        check(&stale, &[(Flush::Soft, Some(&["a/b/c", "product/1"]))]);
        let hard: &[&str] = &["product", "product/1"];
        check(
            &[stale[0], stale[1], one],
            &[(Flush::Hard, Some(hard)), (Flush::Soft, Some(&["a/b/c"]))],
        );
        check(&[soft("everything")], &[(Flush::Soft, None)]);
        check(&[soft("class/products")], &[(Flush::Soft, None)]);
        let all = ("flushed", "cache", "everything");
        check(&[soft("everything"), one, all, two], &[(Flush::Hard, None)]);
        check(&[], &[]);
    }
}
