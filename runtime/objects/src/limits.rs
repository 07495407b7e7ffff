//! Every bound of what is read and written: value, unit, and why.

/// Largest item as it stands in its source, in bytes. Source: Step Functions developer guide,
/// "ItemReader": 8 MB, if what ItemSelector makes of it fits into a child's input.
pub const ITEM_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Largest object, in bytes, and as many when it is unpacked: a bomb ends here. Source:
/// Step Functions developer guide, "ItemReader": 10 GB.
pub const OBJECT_BYTES_MAX: u64 = 10 * 1024 * 1024 * 1024;

/// Where a JSON array must begin, in bytes. Source: Step Functions developer guide,
/// "ItemReader", on ItemsPointer: within the first 16 MB.
pub const ARRAY_BEGINS_MAX: u64 = 16 * 1024 * 1024;

/// Largest footer of a Parquet file, in bytes. Source: Step Functions developer guide,
/// "ItemReader".
pub const PARQUET_FOOTER_BYTES_MAX: u64 = 5 * 1024 * 1024;

/// Largest row group of a Parquet file, in bytes. Source: as above.
pub const PARQUET_ROW_GROUP_BYTES_MAX: i64 = 256 * 1024 * 1024;

/// Largest manifest, in bytes: an inventory of hundreds of millions of objects has a few
/// thousand files.
pub const MANIFEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What is fetched of an object at once, in bytes: long enough that a request costs little
/// beside it, and short enough that none stands open while children work.
pub const RANGE_BYTES: u64 = 4 * 1024 * 1024;

/// Items that are read ahead of whoever takes them.
pub const BATCH_ITEMS_MAX: usize = 1_000;

/// Bytes of items that are read ahead; one item may have more.
pub const BATCH_BYTES_MAX: u64 = 1024 * 1024;

/// Window that a ZSTD frame may ask for, as a power of two: 128 MiB, what `zstd` itself takes.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Largest file of results, in bytes. Source: Step Functions developer guide, "ResultWriter":
/// 5 GB.
pub const RESULT_FILE_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;
