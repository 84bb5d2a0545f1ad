use std::collections::HashSet;
use std::sync::Arc;

use super::address::Address;
use super::node::Node;
use super::slot;
use super::value::Value;

/// Which master serves which slot.
#[derive(Debug)]
pub(super) struct Topology {
    nodes: Vec<Arc<Node>>,
    /// Indices into `nodes`, by slot.
    owners: Box<[u16]>,
}

/// Stands for the lack of an owner.
const NOBODY: u16 = u16::MAX;

impl Topology {
    /// Reads the answer of `asked` to `CLUSTER SLOTS`. `None` where it is not one, or names nobody.
    pub(super) fn read(
        answer: Value,
        asked: &Address,
        mut node: impl FnMut(Address) -> Arc<Node>,
    ) -> Option<Self> {
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        let mut owners = vec![NOBODY; slot::COUNT].into_boxed_slice();
        for range in answer.into_array().ok()? {
            let mut parts = range.into_array().ok()?.into_iter();
            let first = usize::try_from(parts.next()?.into_integer().ok()?).ok()?;
            let last = usize::try_from(parts.next()?.into_integer().ok()?).ok()?;
            let Some(master) = address(parts.next()?, asked) else {
                continue;
            };
            let known = nodes.iter().position(|other| *other.address() == master);
            let index = known.unwrap_or_else(|| {
                nodes.push(node(master));
                nodes.len() - 1
            });
            owners
                .get_mut(first..=last)?
                .fill(u16::try_from(index).ok()?);
        }
        (!nodes.is_empty()).then_some(Self { nodes, owners })
    }

    pub(super) fn owner(&self, slot: u16) -> Option<&Arc<Node>> {
        let index = self.owners.get(usize::from(slot))?;
        self.nodes.get(usize::from(*index))
    }

    pub(super) fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    pub(super) fn addresses(&self) -> HashSet<&Address> {
        self.nodes.iter().map(|node| node.address()).collect()
    }

    /// Whether each slot has an owner.
    pub(super) fn is_complete(&self) -> bool {
        !self.owners.contains(&NOBODY)
    }
}

/// A node without a name is the one that was asked; one of unknown name (`?`) cannot be reached.
fn address(node: Value, asked: &Address) -> Option<Address> {
    let mut parts = node.into_array().ok()?.into_iter();
    let host = parts.next()?.into_bytes().ok()?.unwrap_or_default();
    let port = u16::try_from(parts.next()?.into_integer().ok()?).ok()?;
    match str::from_utf8(&host).ok()? {
        "" => Some(Address::new(&asked.host, port)),
        "?" => None,
        host => Some(Address::new(host, port)),
    }
}
