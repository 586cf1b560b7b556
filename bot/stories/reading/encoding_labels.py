"""The names that documents give their encodings, as browsers understand them: https://encoding.spec.whatwg.org/#names-and-labels

The web's encodings are wider than Python's codecs of the same name: "shift_jis" means Windows's cp932, "big5" has Hong
Kong's characters, "iso-8859-1" is cp1252.
"""

import codecs
import re

# Each Python codec with the labels that mean it. Labels of codecs that Python knows by the same name need no line.
_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf8 utf-8 x-unicode20utf8",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859_2": "csisolatin2 iso-ir-101 iso_8859-2:1987 l2 latin2",
    "iso8859_3": "csisolatin3 iso-ir-109 iso_8859-3:1988 l3 latin3",
    "iso8859_4": "csisolatin4 iso-ir-110 iso_8859-4:1988 l4 latin4",
    "iso8859_5": "csisolatincyrillic cyrillic iso-ir-144 iso_8859-5:1988",
    "iso8859_6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i "
    "iso-ir-127 iso_8859-6:1987",
    "iso8859_7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso_8859-7:1987 sun_eu_greek",
    "iso8859_8": "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8-e iso-8859-8-i iso-ir-138 iso_8859-8:1988 "
    "logical visual",
    "iso8859_10": "csisolatin6 iso-ir-157 l6 latin6",
    "iso8859_15": "csisolatin9 l9",
    "koi8_r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8_u": "koi8-ru koi8-u",
    "mac_roman": "csmacintosh mac macintosh x-mac-roman",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250 ms-ee",
    "cp1251": "cp1251 windows-1251 x-cp1251 ms-cyrl",
    "cp1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
    "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252 ms-ansi",
    "cp1253": "cp1253 windows-1253 x-cp1253 ms-greek",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
    "windows-1254 x-cp1254 ms-turk",
    "cp1255": "cp1255 windows-1255 x-cp1255 ms-hebr",
    "cp1256": "cp1256 windows-1256 x-cp1256 ms-arab",
    "cp1257": "cp1257 windows-1257 x-cp1257 winbaltrim",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb18030 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk euc-cn",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc_jis_2004": "cseucpkdfmtjapanese euc-jp eucjp x-euc-jp",
    "iso2022_jp_2004": "csiso2022jp iso-2022-jp",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 "
    "ksc_5601 windows-949",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
# Python's other codecs are no encodings of text, or (idna, punycode) take quadratic time.
_TEXT_CODEC = re.compile(
    r"utf-8|utf-16|utf-32|iso8859|cp\d|windows|koi8|gb|big5|euc|shift|mac|tis|hz|iso2022|johab|ptcp"
)


def codec_of(label: str) -> str:
    """The codec that decodes what has this label; "" if there is none."""
    label = label.strip().lower()
    if label in _CODECS:
        return _CODECS[label]
    try:
        codec = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    codec = _CODECS.get(codec, codec)
    return codec if _TEXT_CODEC.match(codec) else ""
