use super::check::Finding;
use super::part::Part;
use super::report::Status;

/// What is shown of a part: what was found last, unless that contradicts what was found before and has
/// not been found often enough.
#[derive(Debug, Default)]
pub(super) struct Damping {
    shown: Option<Finding>,
    contradictions: u32,
}

impl Damping {
    /// Takes a finding, and says whether it is the one shown from here on.
    pub(super) fn take(&mut self, found: Finding, part: &Part) -> bool {
        let changes_sides = match self.shown {
            // Nothing was known: whatever comes first is better than that.
            None => false,
            Some(shown) if shown.status == Status::Unknown => false,
            Some(shown) => shown.status.is_working() != found.status.is_working(),
        };
        if changes_sides {
            self.contradictions += 1;
            let needed = match found.status.is_working() {
                true => part.recover_after,
                false => part.fail_after,
            };
            if self.contradictions < needed {
                return false;
            }
        }
        self.contradictions = 0;
        self.shown = Some(found);
        true
    }

    pub(super) fn shown(&self) -> Option<Finding> {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_changes_sides_when_it_was_found_so_often_enough() {
        const PART: Part = Part::critical("part").fail_after(2).recover_after(3);
        let check = |found: &str, expected: &str| {
            let mut damping = Damping::default();
            let shown = found.chars().map(|letter| {
                let finding = match letter {
                    'p' => Finding::pass(),
                    'w' => Finding::warn("slow"),
                    'f' => Finding::fail("broken"),
                    _ => Finding::unknown("who knows"),
                };
                damping.take(finding, &PART);
                match damping.shown().map(|finding| finding.status) {
                    Some(Status::Pass) => 'p',
                    Some(Status::Warn) => 'w',
                    Some(Status::Fail) => 'f',
                    Some(Status::Unknown) => 'u',
                    None => '-',
                }
            });
            assert_eq!(shown.collect::<String>(), expected, "{found}");
        };
        check("pfpfpf", "pppppp");
        check("pffp", "ppff");
        check("fppfppp", "ffffffp");
        check("fpwp", "fffp");
        check("pwp", "pwp");
        check("puu", "ppu");
        check("uf", "uf");
        check("up", "up");
    }
}
