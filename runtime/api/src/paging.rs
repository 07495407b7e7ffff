//! Pages: how many, and where the next one begins.
//!
//! A token names the operation and what was listed, so that one of another list is refused;
//! it is 24 hours good, as AWS's are.

use asl::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::ApiError;

/// What `maxResults` 0 stands for.
const PAGE_DEFAULT: usize = 100;

/// How long a token is good. Source: AWS, the `nextToken` parameter of the list operations.
const TOKEN_HOURS: i64 = 24;

/// Where a list goes on.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    #[serde(rename = "l")]
    list: String,
    #[serde(rename = "a")]
    after: String,
    #[serde(rename = "t")]
    made_at: Timestamp,
}

/// What a list was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Paging {
    /// At most this many.
    pub(crate) limit: usize,
    /// After the element of this key.
    pub(crate) after: Option<String>,
    list: String,
    now: Timestamp,
}

impl Paging {
    /// Reads `maxResults` and `nextToken` of the list that `list` names.
    ///
    /// # Errors
    /// `InvalidToken`.
    pub(crate) fn read(
        list: String,
        max_results: Option<i64>,
        next_token: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let limit = match max_results.and_then(|max| usize::try_from(max).ok()) {
            None | Some(0) => PAGE_DEFAULT,
            Some(max) => max,
        };
        let after = next_token
            .map(|token| open(token, &list, now).ok_or_else(ApiError::invalid_token))
            .transpose()?;
        Ok(Self {
            limit,
            after,
            list,
            now,
        })
    }

    /// The token of the page after the element of this key.
    pub(crate) fn token(&self, after: String) -> String {
        let token = Token {
            list: self.list.clone(),
            after,
            made_at: self.now,
        };
        let text = serde_json::to_vec(&token).expect("a token is plain data");
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The page of a list that is there as a whole, in the order of its keys.
    pub(crate) fn page<T>(
        &self,
        all: impl Iterator<Item = (String, T)>,
    ) -> (Vec<T>, Option<String>) {
        let after = self.after.as_deref();
        let rest = all.filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
        let mut found: Vec<(String, T)> = rest.take(self.limit.saturating_add(1)).collect();
        let next = self.cut(&mut found, |(key, _)| key.clone());
        (
            found.into_iter().map(|(_, element)| element).collect(),
            next,
        )
    }

    /// Cuts `found`, which has one element more than the limit if there is a next page.
    pub(crate) fn cut<T>(&self, found: &mut Vec<T>, key: impl Fn(&T) -> String) -> Option<String> {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        found
            .last()
            .filter(|_| more)
            .map(|last| self.token(key(last)))
    }
}

fn open(token: &str, list: &str, now: Timestamp) -> Option<String> {
    let text = URL_SAFE_NO_PAD.decode(token).ok()?;
    let token: Token = serde_json::from_slice(&text).ok()?;
    let is_fresh = now <= token.made_at.plus_seconds(TOKEN_HOURS * 3600);
    (token.list == list && is_fresh).then_some(token.after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str, token: Option<&str>, now: i64) -> Result<Paging, ApiError> {
        Paging::read(list.into(), Some(2), token, Timestamp(now))
    }

    #[test]
    fn pages_follow_each_other() {
        let first = read("a", None, 0).unwrap();
        let mut found = vec!["x", "y", "z"];
        let token = first.cut(&mut found, |name| (*name).to_owned()).unwrap();
        assert_eq!(found, ["x", "y"]);
        let second = read("a", Some(&token), 1).unwrap();
        assert_eq!(second.after.as_deref(), Some("y"));
        assert_eq!(second.cut(&mut vec!["z"], |_| String::new()), None);
    }

    #[test]
    fn foreign_old_and_broken_tokens_are_refused() {
        let token = read("a", None, 0).unwrap().token("y".into());
        let day = 24 * 3_600_000;
        for (list, token, now) in [("b", &*token, 0), ("a", "%%", 0), ("a", &*token, day + 1)] {
            assert_eq!(
                read(list, Some(token), now).unwrap_err(),
                ApiError::invalid_token()
            );
        }
        assert!(read("a", Some(&token), day).is_ok());
    }
}
