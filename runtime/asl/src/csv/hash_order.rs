//! The order in which AWS gives the columns of a row.
//!
//! A row of a CSV becomes a hash map there, and leaves it in that map's order, not in the
//! header's: as recorded, the header `H1,` gives `{"":…,"H1":…}`, and the developer guide's
//! `userId,movieId,rating,timestamp` gives rating, movieId, userId, timestamp. Both are what
//! java.util.HashMap does, whose hash and growth its documentation and String's fix.

/// Least size of such a table.
const TABLE_MIN: usize = 16;

/// The places of these names in that order.
pub(super) fn hash_order(names: &[String]) -> Vec<usize> {
    let mut table = TABLE_MIN;
    // It doubles when three quarters are taken.
    while names.len() * 4 > table * 3 {
        table *= 2;
    }
    let mut places: Vec<usize> = (0..names.len()).collect();
    // Names that share a slot stay in the order in which they came.
    places.sort_by_key(|place| slot(&names[*place], table));
    places
}

fn slot(name: &str, table: usize) -> usize {
    let hash = name.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(unit.into())
    });
    (hash ^ (hash >> 16)) as usize & (table - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &str, expected: &str) {
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        let ordered = hash_order(&names)
            .into_iter()
            .map(|place| names[place].as_str());
        assert_eq!(ordered.collect::<Vec<_>>().join(","), expected);
    }

    #[test]
    fn it_is_as_seen() {
        check("H1,", ",H1");
        check(
            "userId,movieId,rating,timestamp",
            "rating,movieId,userId,timestamp",
        );
    }
}
