"""Text for every character set: what a column gets, as SQL."""

# of several scripts; characters whose second byte is a backslash or a quote in some character set; edges of UTF-8
ASCII = ["", " ", "a", "A", "0", "'", '"', "\\", "\\'", "%", "_", "a\0b", "\n", "\r\n", "\t", "\x1a", "--", "/*", "`",
         ";", "trailing   ", "  leading", "NULL", "null", "-0", "1e5", "x'00'", "a" * 63, "~}|{", "\x7f", "\x01\x02",
         "?", "%s", "{}", "ab\0", "\0", "I", "i", "SS", "abc", "ABC", "Abc", "a b", "a-b"]
SCRIPTS = {
    "latin": ["é", "É", "ß", "ñ", "Åå", "ÿ", "œŒ", "€", "Ľšč", "ıİ", "ŐŰ", "Þþðæ", "\u00a0", "¥", "£"],
    "greek": ["αβγ", "Ωμέγα", "ς", "ΐ"],
    "cyrillic": ["привет", "Ёё", "ЩЪ", "їґ", "Я"],
    "hebrew": ["שלום", "אב"],
    "arabic": ["سلام", "گپچ"],
    "thai": ["สวัสดี", "กขฃ"],
    "armenian": ["բարև"],
    "georgian": ["გამარჯობა"],
    "japanese": ["表示", "ソ能", "予申", "ｱｲｳ", "こんにちは", "①髙﨑", "～－", "〜−"],
    "chinese": ["功許蓋", "縗誠", "中文", "碁銹裏", "珷", "你好"],
    "korean": ["안녕", "가각힣", "뷁"],
    "wide": ["🐟", "😀é", "𠀀", "\U0010ffff", "👩\u200d👩", "e\u0301", "\u200b", "\ufeff", "\uffff", "\ue000"],
}
OF_CHARSET = {
    "big5": ["chinese"], "gbk": ["chinese", "japanese", "cyrillic"], "gb2312": ["chinese"], "sjis": ["japanese"],
    "cp932": ["japanese"], "ujis": ["japanese"], "eucjpms": ["japanese"], "euckr": ["korean"], "greek": ["greek"],
    "hebrew": ["hebrew"], "tis620": ["thai"], "armscii8": ["armenian"], "geostd8": ["georgian"], "cp1251": ["cyrillic"],
    "koi8r": ["cyrillic"], "koi8u": ["cyrillic"], "cp866": ["cyrillic"], "cp1256": ["arabic"],
}
UNICODE = {"utf8", "utf8mb4", "utf16", "utf16le", "utf32", "ucs2", "gb18030"}
# every byte is a character of its own in these
EIGHT_BIT = ["latin1", "latin2", "latin5", "latin7", "cp850", "cp852", "cp866", "cp1250", "cp1251", "cp1256", "cp1257",
             "dec8", "hp8", "koi8r", "koi8u", "macroman", "macce", "keybcs2", "greek", "hebrew", "armscii8", "geostd8",
             "tis620", "swe7"]


def hexed(text):
    return "_utf8mb4 x'" + text.encode("utf-8").hex() + "'"


def scripts_of(charset):
    if charset in UNICODE:
        return list(SCRIPTS)
    return OF_CHARSET.get(charset, ["latin"])


def text_value(rng, charset, characters, invalid=False):
    """SQL of a text of at most so many characters."""
    if invalid and rng.random() < 0.04:
        # bytes that may be no text: a server that is not strict takes what it can of them
        return f"_binary x'{rng.randbytes(rng.randrange(1, 9)).hex()}'"
    if charset in EIGHT_BIT and rng.random() < 0.4:
        top = 0x80 if charset == "swe7" else 0x100
        data = bytes(rng.randrange(top) for _ in range(rng.randrange(min(characters, 20) + 1)))
        return f"_{charset} x'{data.hex()}'"
    pieces = []
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        if rng.random() < 0.5:
            pieces.append(rng.choice(ASCII))
        else:
            pieces.append(rng.choice(SCRIPTS[rng.choice(scripts_of(charset))]))
    text = "".join(pieces)
    if characters > 200 and rng.random() < 0.15:
        text = (text or "x") * (characters // max(len(text), 1))
    # not in the middle of a pair that belongs together, for the servers count characters as we do
    return hexed(text[:characters])


def collation_clause(rng, charset, collations):
    """Always with a collation that both sides have: what a character set means alone differs."""
    known = sorted(name for of, name in collations if of == charset)
    usual = [name for name in known if name.endswith(("general_ci", "_bin", "unicode_ci", "swedish_ci"))]
    return f"CHARACTER SET {charset} COLLATE {rng.choice(usual or known) if rng.random() < 0.6 else rng.choice(known)}"
