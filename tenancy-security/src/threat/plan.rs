use super::event::Action;
use super::layer::count_unread;
use super::mode::Mode;
use super::refusal::Refusal;
use super::route::{BodyPolicy, OverCap};

/// How one request is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) mode: Mode,
    pub(super) body: BodyPolicy,
    pub(super) body_bytes_max: usize,
    pub(super) over_cap: OverCap,
}

impl Plan {
    pub(super) fn refuses_long(&self) -> bool {
        self.mode.refuses() && self.over_cap == OverCap::Refuse
    }

    /// A body that is not read, or not to its end, is refused unless nothing is.
    pub(super) fn unread(&self, reason: Refusal) -> Result<(), Refusal> {
        let is_refused = match reason {
            Refusal::BodyTooLarge => self.refuses_long(),
            Refusal::Encoded | Refusal::Threat | Refusal::UnknownText => self.mode.refuses(),
        };
        if is_refused {
            return Err(reason);
        }
        count_unread(reason.name(), Action::Passed);
        Ok(())
    }
}
