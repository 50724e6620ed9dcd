-- Words as they are compared: without case, accents, vowel points, compatibility forms and characters that Unicode
-- calls default ignorable (such as soft hyphens and joiners), with single spaces between them. In scripts that write
-- no spaces between words (Han, Kana, Thai, Lao, Burmese, Khmer), each character is a word. It depends neither on the
-- database's locale nor on what the parser of text search takes for a path or an address. It names only what Postgres
-- finds without a search path, because a restored dump calls it so.
CREATE FUNCTION taskwire_folded(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    RETURN regexp_replace(regexp_replace(replace(replace(replace(translate(
        normalize(regexp_replace(
            normalize(lower(words COLLATE "und-x-icu"), NFKD),
            '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed'
            -- Default ignorable characters.
            '\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f'
            '\ufe00-\ufe0f\ufeff\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+',
            '', 'g'), NFC),
        'ıøłđħŧς', 'ioldhtσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
        '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])', ' \1 ', 'g'),
        -- Vowel signs of Indic scripts are no letters, but parts of words.
        '[^[:alnum:]\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+', ' ', 'g');
END $$;

-- The words of a task for the search column. Those of the title weigh more than those of the description.
CREATE FUNCTION taskwire_searchable(title text, description text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    -- Plain English prose needs no folding: the parser takes these letters and marks as `taskwire_folded` does, in a
    -- third of the time. A full stop is such a mark before a space.
    IF title || ' ' || COALESCE(description, '') !~ '[^ 0-9A-Za-z,;!()"''\n.]|\.[^ \n]' THEN
        RETURN setweight(to_tsvector('pg_catalog.simple', title), 'A')
            || setweight(to_tsvector('pg_catalog.simple', COALESCE(description, '')), 'B');
    END IF;
    RETURN setweight(to_tsvector('pg_catalog.simple', taskwire_folded(title)), 'A')
        || setweight(to_tsvector('pg_catalog.simple', taskwire_folded(COALESCE(description, ''))), 'B');
END $$;

-- What a search looks for: every word, each as the beginning of one. Parts of one written word stand together,
-- in order. NULL if there is no word.
CREATE FUNCTION taskwire_search_query(words text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN (
    SELECT string_agg(phrase, ' & ')::tsquery
    FROM (SELECT string_agg(quote_literal(lexeme) || CASE WHEN last THEN ':*' ELSE '' END, ' <-> ' ORDER BY position) AS phrase
          FROM (SELECT place, lexeme, position, position = max(position) OVER (PARTITION BY place) AS last
                FROM regexp_split_to_table(words COLLATE "und-x-icu", '\s+') WITH ORDINALITY AS word(text, place),
                     LATERAL unnest(to_tsvector('pg_catalog.simple', taskwire_folded(text))) AS part,
                     LATERAL unnest(positions) AS position) parts
          GROUP BY place) phrases);
