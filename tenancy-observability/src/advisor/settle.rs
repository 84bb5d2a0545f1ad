//! Choosing anew until the planner takes what was chosen.

use super::catalog::Catalog;
use super::choice::{Choice, Chooser, Limits, Read};
use super::missing::{self, Case, Planned, Verdict};
use super::report::{Advice, Refusal};

/// How often a table's choice is made anew after the planner has declined one.
const ROUNDS_MAX: usize = 4;

/// Who asks a planner about indexes that are not there.
pub(super) trait Prove {
    /// How it asks, as evidence.
    fn name(&self) -> &'static str;

    /// What the planner makes of the choices, each beside all others.
    fn verdicts(
        &mut self,
        catalog: &Catalog,
        reads: &[Read<'_>],
        choices: &[Choice],
    ) -> impl Future<Output = Result<Vec<Verdict>, sqlx::Error>> + Send;
}

/// The indexes that the workload lacks, and why statements get none.
pub(super) async fn settle(
    catalog: &Catalog,
    reads: &[Read<'_>],
    plans: &[Planned],
    limits: Limits<'_>,
    proof: &mut impl Prove,
) -> Result<(Vec<Advice>, Vec<Refusal>), sqlx::Error> {
    let mut rejected = Vec::new();
    let mut declined = Vec::new();
    let mut round = 0;
    let (proved, refused) = loop {
        let chooser = Chooser {
            catalog,
            reads,
            limits,
            declined: &rejected,
        };
        let (choices, refused) = chooser.choose();
        let verdicts = proof.verdicts(catalog, reads, &choices).await?;
        let (taken, not_taken): (Vec<_>, Vec<_>) = choices
            .into_iter()
            .zip(verdicts)
            .partition(|(_, verdict)| !matches!(verdict, Verdict::Declined));
        round += 1;
        if not_taken.is_empty() || round == ROUNDS_MAX {
            break (taken, refused);
        }
        for (choice, _) in not_taken {
            let gains = choice.gains.iter();
            declined.extend(gains.map(|gain| (gain.statement, choice.table)));
            rejected.push(choice.bundle);
        }
    };
    let advice_of = |(choice, verdict): &(Choice, Verdict)| {
        let case = Case {
            catalog,
            reads,
            plans,
            choice,
            verdict,
            proof: proof.name(),
        };
        case.advice()
    };
    let advice = proved.iter().map(advice_of).collect();
    Ok((
        advice,
        missing::refusals(catalog, reads, &refused, &declined),
    ))
}
