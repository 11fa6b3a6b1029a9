//! No row refers to one that is gone, whoever adds and removes rows at once, and wherever they lose a session; and who is
//! answered is told what is true. Each rule that makes it so is broken once.

use super::checker::{Explored, breaks, holds};
use super::deeds::Deed::{self, Add, Begin, Change, Commit, LetGo, Look, Remove, Take, Verify};
use super::deeds::Fence::{Exclusive, Shared};
use super::deeds::Session::{Apart, Referenced, Referring};
use super::deeds::{Answer, Reading, References, Row, Sight, State, adder, cascader, remover};

/// Adds a reference.
const ADD: &[Deed] = &[Begin(Referring), Take(Shared, Referring), Add, Verify(Reading::Locking), Commit(Referring)];
/// Removes the referenced row.
const REMOVE: &[Deed] = &[
    Begin(Referring),
    Take(Exclusive, Referring),
    Begin(Referenced),
    Remove,
    Look(Sight::Fenced),
    Commit(Referring),
    Commit(Referenced),
];
/// Adds a reference to a row that it changes as well.
const CHANGE_AND_ADD: &[Deed] = &[
    Begin(Referring),
    Take(Shared, Referring),
    Begin(Referenced),
    Change,
    Add,
    Verify(Reading::Locking),
    Commit(Referenced),
    Commit(Referring),
];

/// What goes wrong.
const ORPHAN: &str = "a row refers to one that is gone";
const WAITING: &str = "those who are left wait for each other for ever";

/// Meetings of an adder and one who removes, in which one session or process is lost.
fn both_removals(add: &'static [Deed], remove: &'static [Deed]) -> [References; 2] {
    [remover(remove), cascader(remove)].map(|removes| References { roles: vec![adder(add), removes], losses: 1 })
}

/// What must be able to happen among two who add rows and two who remove, the last one with what refers to the row.
fn assert_all_happens(explored: &Explored<State>) {
    let happens = |what: &str, wanted: &dyn Fn(&State) -> bool| assert!(explored.reaches(wanted), "{what}");
    happens("both rows are added, and stay", &|state| {
        state.is_told(0, Answer::Done) && state.is_told(1, Answer::Done) && state.visible() == 3
    });
    happens("a removal is done", &|state| state.is_told(2, Answer::Done));
    happens("a removal is refused", &|state| state.is_told(2, Answer::Refused));
    happens("an adder misses the row", &|state| state.is_told(0, Answer::Missing));
    happens("a removal takes both rows along", &|state| {
        state.is_told(3, Answer::Done) && state.referring[..2] == [Row::RemovedBy(3); 2]
    });
    happens("a removal is half done", &|state| state.is_told(3, Answer::Pending) && state.referenced == Row::There);
    happens("a commit lands late", &|state| state.is_told(2, Answer::Unknown) && state.referenced == Row::RemovedBy(2));
}

#[test]
fn no_interleaving_leaves_an_orphan() {
    let roles = vec![adder(ADD), adder(ADD), remover(REMOVE), cascader(REMOVE)];
    let explored = holds(&References { roles, losses: 2 });
    assert!(explored.count() > 100_000, "{} states", explored.count());
    assert_all_happens(&explored);
}

#[test]
fn removals_that_meet_leave_none() {
    let meetings = [
        vec![adder(ADD), cascader(REMOVE), cascader(REMOVE)],
        vec![adder(ADD), remover(REMOVE), remover(REMOVE)],
        vec![adder(ADD), adder(ADD), cascader(REMOVE)],
    ];
    for roles in meetings {
        assert!(holds(&References { roles, losses: 2 }).count() > 10_000);
    }
}

#[test]
fn many_losses_leave_none() {
    for removes in [remover(REMOVE), cascader(REMOVE)] {
        assert!(holds(&References { roles: vec![adder(ADD), removes], losses: 5 }).count() > 1_000);
    }
}

#[test]
fn a_referenced_row_that_is_changed_as_well_leaves_none() {
    let roles = vec![adder(CHANGE_AND_ADD), adder(ADD), cascader(REMOVE)];
    assert!(holds(&References { roles, losses: 2 }).count() > 10_000);
}

#[test]
fn without_the_fence_in_the_writers_transaction_there_is_one() {
    const FENCED_APART: &[Deed] =
        &[Begin(Apart), Take(Shared, Apart), Begin(Referring), Add, Verify(Reading::Locking), Commit(Referring)];
    both_removals(FENCED_APART, REMOVE).iter().for_each(|model| breaks(model, ORPHAN));
}

#[test]
fn with_a_fence_that_is_let_go_early_there_is_one() {
    const LET_GO: &[Deed] =
        &[Begin(Referring), Take(Shared, Referring), LetGo, Add, Verify(Reading::Locking), Commit(Referring)];
    both_removals(LET_GO, REMOVE).iter().for_each(|model| breaks(model, ORPHAN));
}

#[test]
fn with_a_verify_before_the_fence_there_is_one() {
    const VERIFIED_FIRST: &[Deed] =
        &[Begin(Referring), Verify(Reading::Locking), Take(Shared, Referring), Add, Commit(Referring)];
    both_removals(VERIFIED_FIRST, REMOVE).iter().for_each(|model| breaks(model, ORPHAN));
}

#[test]
fn with_a_verify_that_does_not_wait_there_is_one() {
    const PLAIN: &[Deed] = &[Begin(Referring), Take(Shared, Referring), Add, Verify(Reading::Plain), Commit(Referring)];
    both_removals(PLAIN, REMOVE).iter().for_each(|model| breaks(model, ORPHAN));
}

#[test]
fn with_a_look_before_the_row_is_locked_there_is_one() {
    const LOOKED_FIRST: &[Deed] = &[
        Begin(Referring),
        Take(Exclusive, Referring),
        Look(Sight::Fenced),
        Begin(Referenced),
        Remove,
        Commit(Referring),
        Commit(Referenced),
    ];
    both_removals(ADD, LOOKED_FIRST).iter().for_each(|model| breaks(model, ORPHAN));
}

#[test]
fn with_a_look_beside_the_fences_transaction_there_is_one() {
    const LOOKED_ASIDE: &[Deed] = &[
        Begin(Referring),
        Take(Exclusive, Referring),
        Begin(Referenced),
        Remove,
        Look(Sight::Aside),
        Commit(Referenced),
    ];
    breaks(&References { roles: vec![adder(ADD), remover(LOOKED_ASIDE)], losses: 1 }, ORPHAN);
}

#[test]
fn with_a_look_at_an_older_snapshot_there_is_one() {
    const LOOKED_BACK: &[Deed] = &[
        Begin(Referring),
        Take(Exclusive, Referring),
        Begin(Referenced),
        Remove,
        Look(Sight::Snapshot),
        Commit(Referring),
        Commit(Referenced),
    ];
    both_removals(ADD, LOOKED_BACK).iter().for_each(|model| breaks(model, ORPHAN));
}

#[test]
fn with_the_referenced_row_gone_before_those_that_refer_to_it_there_is_one() {
    const REFERENCED_FIRST: &[Deed] = &[
        Begin(Referring),
        Take(Exclusive, Referring),
        Begin(Referenced),
        Remove,
        Look(Sight::Fenced),
        Commit(Referenced),
        Commit(Referring),
    ];
    breaks(&References { roles: vec![adder(ADD), cascader(REFERENCED_FIRST)], losses: 1 }, ORPHAN);
}

#[test]
fn who_locks_the_row_before_the_fence_waits_for_ever() {
    const REMOVED_FIRST: &[Deed] = &[
        Begin(Referenced),
        Remove,
        Begin(Referring),
        Take(Exclusive, Referring),
        Look(Sight::Fenced),
        Commit(Referring),
        Commit(Referenced),
    ];
    const CHANGED_FIRST: &[Deed] = &[
        Begin(Referenced),
        Change,
        Begin(Referring),
        Take(Shared, Referring),
        Add,
        Verify(Reading::Locking),
        Commit(Referenced),
        Commit(Referring),
    ];
    both_removals(ADD, REMOVED_FIRST).iter().for_each(|model| breaks(model, WAITING));
    both_removals(CHANGED_FIRST, REMOVE).iter().for_each(|model| breaks(model, WAITING));
}
