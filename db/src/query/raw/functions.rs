//! The functions that any text may call.

use std::{collections::HashSet, sync::LazyLock};

/// PostgreSQL's own functions that compute a value from their arguments, from the rows that they aggregate, or from the
/// time of day and the random generator; by the chapters of its manual.
///
/// INVARIANT: none of them runs SQL that it is given as text, reads a table, a setting or the catalog by a name that it
/// is given, tells of other sessions, or leaves something behind. (Text search looks its configuration up, and a
/// conversion its encoding.) Names are all that is compared, so it holds for each function of PostgreSQL's own that has
/// the name.
const FUNCTIONS: [(&str, &str); 21] = [
    (
        "aggregates",
        "any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every grouping max \
         min mode percentile_cont percentile_disc range_agg range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept \
         regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance",
    ),
    (
        "window functions",
        "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number",
    ),
    ("conditions", "cast coalesce greatest least nullif num_nonnulls num_nulls"),
    (
        "numbers",
        "abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd degrees \
         div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod pi power radians random \
         random_normal round scale sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket",
    ),
    (
        "strings",
        "ascii bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from convert_to \
         format initcap is_normalized left length like like_escape lower lpad ltrim md5 normalize notlike octet_length \
         overlay parse_ident position quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like \
         regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace \
         reverse right rpad rtrim similar_escape similar_to_escape split_part starts_with string_to_array string_to_table \
         strpos substr substring to_ascii to_bin to_hex to_oct translate trim unistr upper",
    ),
    (
        "bytes and bits",
        "bit_count crc32 crc32c decode encode get_bit get_byte set_bit set_byte sha224 sha256 sha384 sha512",
    ),
    ("formatting", "to_char to_date to_number to_timestamp"),
    (
        "date and time",
        "age clock_timestamp current_time current_timestamp date_add date_bin date_part date_subtract date_trunc extract \
         isfinite justify_days justify_hours justify_interval localtime localtimestamp make_date make_interval make_time \
         make_timestamp make_timestamptz now overlaps statement_timestamp timeofday timezone transaction_timestamp",
    ),
    ("uuid", "gen_random_uuid uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7"),
    ("enums", "enum_first enum_last enum_range"),
    (
        "geometry",
        "area bound_box center diagonal diameter height isclosed ishorizontal isopen isparallel isperp isvertical npoints \
         pclose popen radius slope width",
    ),
    (
        "network addresses",
        "abbrev broadcast family host hostmask inet_merge inet_same_family macaddr8_set7bit masklen netmask network \
         set_masklen",
    ),
    (
        "text search",
        "array_to_tsvector json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery plainto_tsquery setweight strip \
         to_tsquery to_tsvector ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsquery_phrase tsvector_to_array \
         websearch_to_tsquery",
    ),
    (
        "xml",
        "xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlagg xmlattributes xmlcomment xmlconcat \
         xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable xmltext xpath xpath_exists",
    ),
    (
        "json",
        "array_to_json json_agg json_agg_strict json_array json_array_elements json_array_elements_text json_array_length \
         json_arrayagg json_build_array json_build_object json_each json_each_text json_exists json_extract_path \
         json_extract_path_text json_object json_object_agg json_object_agg_strict json_object_agg_unique \
         json_object_agg_unique_strict json_object_keys json_objectagg json_populate_record json_populate_recordset \
         json_query json_scalar json_serialize json_strip_nulls json_table json_to_record json_to_recordset json_typeof \
         json_value row_to_json to_json to_jsonb",
    ),
    (
        "jsonb",
        "jsonb_agg jsonb_agg_strict jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array \
         jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object \
         jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict jsonb_object_keys \
         jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array \
         jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record \
         jsonb_populate_record_valid jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls \
         jsonb_to_record jsonb_to_recordset jsonb_typeof",
    ),
    (
        "arrays",
        "array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions \
         array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort array_to_string \
         array_upper cardinality trim_array unnest",
    ),
    ("ranges", "isempty lower_inc lower_inf multirange range_merge upper_inc upper_inf"),
    ("sets of rows", "bernoulli generate_series generate_subscripts system"),
    (
        "types, called as functions or with a length",
        "bit bool box bpchar bytea char character circle date datemultirange daterange dec decimal float float4 float8 int \
         int2 int4 int4multirange int4range int8 int8multirange int8range interval json line lseg macaddr macaddr8 \
         money numeric nummultirange numrange path point polygon text time timestamp timestamptz timetz tsmultirange tsrange \
         tstzmultirange tstzrange varbit varchar varying xml",
    ),
    (
        "of a row, as `row.name`",
        "any_out anycompatible_out anycompatiblenonarray_out anyelement_out anyenum_out anynonarray_out enum_out enum_send \
         hash_record hashenum record_out record_send",
    ),
];

/// Returns the names of PostgreSQL's own functions that any [`RawSelect`](crate::RawSelect) may call, each with the
/// kind that it is of.
pub fn raw_functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    FUNCTIONS.iter().flat_map(|(kind, names)| names.split_whitespace().map(move |name| (*kind, name)))
}

/// Returns whether a function of PostgreSQL's own that is named so is one of them.
pub(super) fn is_pure(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| raw_functions().map(|(_, name)| name).collect());
    NAMES.contains(name)
}
