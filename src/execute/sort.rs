//! Orders that are put together from places: of the rows themselves, and of the rows that they refer to.

use std::cmp::Ordering;

use crate::execute::context::Context;
use crate::execute::decide;
use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::{Links, RowRef};
use crate::plan::{FarTerm, Sort, SortTerm};

/// A row's place by one term; none where there is no value.
type Place = Option<u64>;

/// The positions of the rows, in their order.
pub async fn sorted(context: &Context<'_>, sort: &Sort, rows: &[RowRef]) -> Result<Vec<u32>, ExecuteError> {
    let mut places: Vec<Vec<Place>> = Vec::with_capacity(sort.terms.len());
    for term in &sort.terms {
        places.push(match term {
            SortTerm::Own(cell) => rows.iter().map(|row| number(row.cell(*cell))).collect(),
            SortTerm::Far(far) => far_places(context, far, rows).await?,
        });
    }
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    order.sort_by(|a, b| {
        let by_term = sort.terms.iter().zip(&places).map(|(term, places)| match term {
            SortTerm::Own(_) => places[*a as usize].cmp(&places[*b as usize]),
            SortTerm::Far(far) => compared(far, places[*a as usize], places[*b as usize]),
        });
        by_term.fold(Ordering::Equal, Ordering::then)
    });
    Ok(order)
}

fn compared(far: &FarTerm, a: Place, b: Place) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if far.descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (None, None) => Ordering::Equal,
        (None, Some(_)) if far.nulls_first => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => compared(far, b, a).reverse(),
    }
}

async fn far_places(context: &Context<'_>, far: &FarTerm, rows: &[RowRef]) -> Result<Vec<Place>, ExecuteError> {
    let mut links: Option<Links> = None;
    let mut found: Vec<RowRef> = Vec::new();
    for (at, (hop, step)) in far.hops.iter().enumerate() {
        let gathered = join::gather(if at == 0 { rows } else { &found }, hop);
        // Places are comparable within one statement.
        let (next, next_found) = match at + 1 == far.hops.len() {
            true => decide::rows_at_once(context, step, hop, &gathered.keys).await?,
            false => decide::rows_of(context, step, hop, &gathered.keys).await?,
        };
        let over = join::compose(&gathered.links, &next);
        links = Some(match links {
            Some(links) => join::compose(&links, &over),
            None => over,
        });
        found = next_found;
    }
    let links = links.unwrap_or_else(|| Links::empty(rows.len()));
    let place = |row: usize| {
        let row = &found[*links.of(row).first()? as usize];
        if row.cell(1) == b"0" { number(row.cell(0)) } else { None }
    };
    Ok((0..rows.len()).map(place).collect())
}

fn number(cell: &[u8]) -> Place {
    std::str::from_utf8(cell).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_value_stand_together() {
        let far = |descending, nulls_first| FarTerm { name: "a.b".into(), hops: Vec::new(), descending, nulls_first };
        let order = |far: FarTerm| {
            let mut places = [Some(2), None, Some(1), None, Some(3)];
            places.sort_by(|a, b| compared(&far, *a, *b));
            places
        };
        assert_eq!(order(far(false, false)), [Some(1), Some(2), Some(3), None, None]);
        assert_eq!(order(far(true, false)), [Some(3), Some(2), Some(1), None, None]);
        assert_eq!(order(far(false, true)), [None, None, Some(1), Some(2), Some(3)]);
        assert_eq!(order(far(true, true)), [None, None, Some(3), Some(2), Some(1)]);
    }
}
