//! A write of several databases is done whole or not at all, and once, whoever is lost meanwhile; and who is answered is told
//! what is true. Each rule that makes it so is broken once.

use super::checker::{Model, breaks, holds};
use super::parts::Known;
use super::replayers::Replayer;
use super::requests::{Answer, Broken, Decisions, State};

/// A write that its client has not named.
const ONE_REQUEST: Decisions = Decisions {
    sources: 2,
    requests: 1,
    named: false,
    finds_less: false,
    marks_last: false,
    replayers: 2,
    losses: 2,
    broken: None,
};
/// A write that its client has named, and sends twice.
const TWO_OF_ONE_NAME: Decisions = Decisions { requests: 2, named: true, ..ONE_REQUEST };

/// What goes wrong.
const TWICE: &str = "a part was done twice";
const PARTED: &str = "a part was done, and another one never will be";
const FALSE_ERROR: &str = "request 1 was told Error";
const WAITING: &str = "those who are left wait for each other for ever";

#[test]
fn a_write_is_done_whole_or_not_at_all() {
    let model = Decisions { sources: 3, losses: 4, ..ONE_REQUEST };
    let explored = holds(&model);
    assert!(explored.count() > 3_000, "{} states", explored.count());
    let happens = |what: &str, wanted: &dyn Fn(&State) -> bool| assert!(explored.reaches(wanted), "{what}");
    let once = |state: &State| state.databases.applied == [1; 3] && model.at_rest(state);
    happens("it is committed", &|state| state.is_told(0, Answer::Committed) && once(state));
    happens("replay finishes it", &|state| state.is_told(0, Answer::Pending) && once(state));
    happens("replay finishes it after a death", &|state| state.is_told(0, Answer::None) && once(state));
    happens("it fails", &|state| state.is_told(0, Answer::Error) && state.databases.applied == [0; 3]);
    happens("it is aborted", &|state| state.databases.known(0) == Known::Aborted);
    happens("a death undoes it", &|state| {
        state.is_told(0, Answer::None) && state.databases.applied == [0; 3] && model.at_rest(state)
    });
    happens("two hold the plan at once", &|state| state.replayers.iter().all(|of| *of == Replayer::At(0, 2)));
    happens("its markers are forgotten", &|state| state.forgotten && state.databases.applied == [1; 3]);
}

#[test]
fn two_requests_of_one_name_are_done_once() {
    for marks_last in [false, true] {
        let explored = holds(&Decisions { marks_last, ..TWO_OF_ONE_NAME });
        assert!(explored.count() > 10_000, "{} states", explored.count());
        let happens = |what: &str, wanted: &dyn Fn(&State) -> bool| assert!(explored.reaches(wanted), "{what}");
        let both = |state: &State, first, second| state.is_told(0, first) && state.is_told(1, second);
        happens("both are told so", &|state| both(state, Answer::Committed, Answer::Committed));
        happens("the second one learns what became of the first", &|state| {
            both(state, Answer::None, Answer::Committed)
        });
        happens("the second one learns that it is pending", &|state| both(state, Answer::None, Answer::Pending));
        happens("the next attempt is decided", &|state| {
            state.databases.known(0) == Known::Aborted && state.databases.is_whole(1)
        });
        happens("one gives up", &|state| both(state, Answer::Committed, Answer::Error));
    }
}

#[test]
fn two_requests_of_three_sources_are_done_once() {
    assert!(holds(&Decisions { sources: 3, replayers: 1, ..TWO_OF_ONE_NAME }).count() > 10_000);
}

#[test]
fn a_second_request_that_finds_less_to_do_is_not_done_beside_the_first() {
    for marks_last in [false, true] {
        assert!(holds(&Decisions { finds_less: true, marks_last, ..TWO_OF_ONE_NAME }).count() > 10_000);
    }
}

#[test]
fn replay_that_looks_for_its_marker_does_a_part_twice() {
    breaks(&Decisions { losses: 0, broken: Some(Broken::LookFirst), ..ONE_REQUEST }, TWICE);
}

#[test]
fn markers_that_go_with_the_journals_row_let_a_part_be_done_twice() {
    breaks(&Decisions { losses: 0, broken: Some(Broken::ForgetWithJournal), ..ONE_REQUEST }, TWICE);
}

#[test]
fn markers_that_go_before_those_who_hold_the_plan_let_a_part_be_done_twice() {
    breaks(&Decisions { losses: 0, broken: Some(Broken::ForgetEarly), ..ONE_REQUEST }, TWICE);
}

#[test]
fn a_decider_that_is_not_first_leaves_half_a_write() {
    breaks(&Decisions { losses: 1, broken: Some(Broken::DecideLast), ..ONE_REQUEST }, PARTED);
}

#[test]
fn a_marker_that_is_not_found_proves_nothing() {
    breaks(&Decisions { losses: 1, broken: Some(Broken::SelectMarker), ..ONE_REQUEST }, FALSE_ERROR);
}

#[test]
fn a_journal_without_the_row_proves_nothing() {
    breaks(&Decisions { broken: Some(Broken::SelectJournal), ..ONE_REQUEST }, FALSE_ERROR);
}

#[test]
fn requests_of_one_name_that_wait_without_end_may_wait_for_each_other() {
    breaks(&Decisions { losses: 1, broken: Some(Broken::WaitForEver), ..TWO_OF_ONE_NAME }, WAITING);
}

#[test]
fn requests_that_mark_the_decider_last_need_not_give_up_waiting() {
    holds(&Decisions { marks_last: true, broken: Some(Broken::WaitForEver), ..TWO_OF_ONE_NAME });
}

#[test]
fn a_request_that_marks_only_what_it_changes_is_done_twice() {
    let broken = Some(Broken::MarkChanged);
    breaks(&Decisions { losses: 1, finds_less: true, broken, ..TWO_OF_ONE_NAME }, TWICE);
}

#[test]
fn a_request_that_marks_only_what_it_changes_aborts_a_part_of_another() {
    let broken = Some(Broken::MarkChanged);
    breaks(&Decisions { finds_less: true, broken, ..TWO_OF_ONE_NAME }, "request 2 was told Committed");
}
