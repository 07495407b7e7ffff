//! Lists and summaries: which executions there are, and how they stand.
//!
//! A page is found in an index alone, newest first, one walk for each way to stand; only
//! what the page shows is then looked up. So it costs the same among a thousand executions
//! as among ten million. It knows no rows. Read [`Readers::list`] first.

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};
use rusqlite::{Connection, OptionalExtension, params};

use super::read::Readers;
use super::{code_of, status_of};
use crate::listing::Cursor;
use crate::{Error, Listing, Opened, Origin, Page, Status, Summary, Under};

/// What every query for summaries selects, as [`Readers::summary_of`] reads it.
const SUMMARY: &str = "SELECT e.arn, machine.arn, e.name, e.started_at, version.arn, alias.arn,
         map_run.arn, e.item_count, e.status, e.stopped_at, e.redrive_count, e.redriven_at
     FROM executions e JOIN arns machine ON machine.id = e.state_machine
     LEFT JOIN arns version ON version.id = e.version
     LEFT JOIN arns alias ON alias.id = e.alias
     LEFT JOIN arns map_run ON map_run.id = e.map_run";

/// The query for the number of an ARN.
pub(super) const ID_OF: &str = "SELECT id FROM arns WHERE arn = ?1";

/// What a query of one index gives: outer error, the storage; inner, damage.
type Read<T> = Result<Result<T, Error>, rusqlite::Error>;

/// The query for places of a list before another, newest first, among those that stand in
/// one way: answered from an index alone.
pub(super) fn newest(under: Option<&Under>) -> String {
    let of = match under {
        None => "?5 IS NULL",
        Some(Under::StateMachine(_)) => "state_machine = ?5",
        Some(Under::Version(_)) => "version = ?5",
        Some(Under::Alias(_)) => "alias = ?5",
        Some(Under::MapRun(_)) => "map_run = ?5",
    };
    format!(
        "SELECT started_at, id FROM executions
         WHERE {of} AND status = ?1 AND (started_at, id) < (?2, ?3)
         ORDER BY started_at DESC, id DESC LIMIT ?4"
    )
}

/// The codes of executions that stand so, redriven or not.
fn codes(status: Option<Status>, redriven: Option<bool>) -> impl Iterator<Item = i64> {
    let all = Status::ALL.into_iter();
    all.filter(move |one| status.is_none_or(|only| only == *one))
        .flat_map(|one| [false, true].map(|redriven| (one, redriven)))
        .filter(move |(_, one)| redriven.is_none_or(|only| only == *one))
        .map(|(status, redriven)| code_of(status, redriven))
}

impl Readers {
    /// How one execution stands.
    pub(super) fn summary(&self, execution: &ExecutionArn) -> Result<Summary, Error> {
        self.with(|connection| {
            let found = connection
                .prepare_cached(&format!("{SUMMARY} WHERE e.arn = ?1"))?
                .query_row([execution.as_str()], |row| self.summary_of(row))
                .optional()?;
            Ok(found.unwrap_or_else(|| Err(Error::NoSuchExecution(execution.clone()))))
        })
    }

    /// A page of a list: for each way to stand that is wanted its newest, merged.
    pub(super) fn list(&self, listing: &Listing) -> Result<Page, Error> {
        let before = listing.before()?;
        let limit = i64::try_from(listing.limit.saturating_add(1)).unwrap_or(i64::MAX);
        self.with(|connection| {
            let mut arn_id = None;
            if let Some(under) = &listing.under {
                arn_id = id_of(connection, text_of(under))?;
                if arn_id.is_none() {
                    return Ok(Ok(Page::default()));
                }
            }
            let mut newest = connection.prepare_cached(&newest(listing.under.as_ref()))?;
            let mut places = Vec::new();
            for code in codes(listing.status, listing.redriven) {
                let from = params![code, before.started_at.0, before.arrival, limit, arn_id];
                let found = newest.query_map(from, cursor)?;
                places.extend(found.collect::<Result<Vec<_>, _>>()?);
            }
            places.sort_unstable_by_key(|place| std::cmp::Reverse(*place));
            let next = listing.page(&mut places);
            let summaries = self.summaries(connection, &places)?;
            Ok(summaries.map(|summaries| Page { summaries, next }))
        })
    }

    /// How many executions of a state machine are open.
    pub(super) fn open_count(&self, state_machine: &StateMachineArn) -> Result<u64, Error> {
        let id = self.with(|connection| id_of(connection, state_machine.as_str()).map(Ok))?;
        Ok(id.map_or(0, |id| self.index().open.of(&id)))
    }

    /// The summaries of the executions at these places, in their order.
    fn summaries(&self, connection: &Connection, places: &[Cursor]) -> Read<Vec<Summary>> {
        let mut one = connection.prepare_cached(&format!("{SUMMARY} WHERE e.id = ?1"))?;
        let found = places
            .iter()
            .map(|place| one.query_row([place.arrival], |row| self.summary_of(row)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(found.into_iter().collect())
    }

    /// Reads a row of [`SUMMARY`].
    fn summary_of(&self, row: &rusqlite::Row<'_>) -> Read<Summary> {
        let text = |column| row.get::<_, Option<String>>(column);
        let arn = |column| Ok::<_, rusqlite::Error>(text(column)?.map(Into::into));
        let moment =
            |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp));
        let origin = Origin {
            version: arn(4)?,
            alias: arn(5)?,
            map_run: arn(6)?,
            item_count: row.get(7)?,
        };
        let opened = Opened {
            state_machine: row.get::<_, String>(1)?.into(),
            name: row.get(2)?,
            started_at: Timestamp(row.get(3)?),
            origin,
        };
        let status = match status_of(&self.path, row.get(8)?) {
            Ok(status) => status,
            Err(damage) => return Ok(Err(damage)),
        };
        Ok(Ok(Summary {
            execution: row.get::<_, String>(0)?.into(),
            opened,
            status,
            stopped_at: moment(9)?,
            redrive_count: row.get(10)?,
            redriven_at: moment(11)?,
        }))
    }
}

/// Reads a row of a query for places.
fn cursor(row: &rusqlite::Row<'_>) -> Result<Cursor, rusqlite::Error> {
    Ok(Cursor {
        started_at: Timestamp(row.get(0)?),
        arrival: row.get(1)?,
    })
}

/// What a list is under, as text.
fn text_of(under: &Under) -> &str {
    match under {
        Under::StateMachine(arn) => arn.as_str(),
        Under::Version(arn) | Under::Alias(arn) | Under::MapRun(arn) => arn,
    }
}

/// The number of an ARN that executions are listed under, if any ever was.
fn id_of(connection: &Connection, arn: &str) -> Result<Option<i64>, rusqlite::Error> {
    connection
        .prepare_cached(ID_OF)?
        .query_row([arn], |row| row.get(0))
        .optional()
}
