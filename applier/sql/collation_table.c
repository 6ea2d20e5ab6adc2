/* Numbers and names of collations, as MySQL 5.6 and 9.7 and MariaDB 10.11 and 11.8 list them. Three-byte UTF-8 is
 * utf8mb3 throughout. */
#include "applier/sql/collation_table.h"

/* the same in both families */
static const struct collation common[] = {
	{1, "big5_chinese_ci", "big5"}, {2, "latin2_czech_cs", "latin2"}, {3, "dec8_swedish_ci", "dec8"},
	{4, "cp850_general_ci", "cp850"}, {5, "latin1_german1_ci", "latin1"}, {6, "hp8_english_ci", "hp8"},
	{7, "koi8r_general_ci", "koi8r"}, {8, "latin1_swedish_ci", "latin1"},
	{9, "latin2_general_ci", "latin2"}, {10, "swe7_swedish_ci", "swe7"},
	{11, "ascii_general_ci", "ascii"}, {12, "ujis_japanese_ci", "ujis"},
	{13, "sjis_japanese_ci", "sjis"}, {14, "cp1251_bulgarian_ci", "cp1251"},
	{15, "latin1_danish_ci", "latin1"}, {16, "hebrew_general_ci", "hebrew"},
	{18, "tis620_thai_ci", "tis620"}, {19, "euckr_korean_ci", "euckr"},
	{20, "latin7_estonian_cs", "latin7"}, {21, "latin2_hungarian_ci", "latin2"},
	{22, "koi8u_general_ci", "koi8u"}, {23, "cp1251_ukrainian_ci", "cp1251"},
	{24, "gb2312_chinese_ci", "gb2312"}, {25, "greek_general_ci", "greek"},
	{26, "cp1250_general_ci", "cp1250"}, {27, "latin2_croatian_ci", "latin2"},
	{28, "gbk_chinese_ci", "gbk"}, {29, "cp1257_lithuanian_ci", "cp1257"},
	{30, "latin5_turkish_ci", "latin5"}, {31, "latin1_german2_ci", "latin1"},
	{32, "armscii8_general_ci", "armscii8"}, {33, "utf8mb3_general_ci", "utf8mb3"},
	{34, "cp1250_czech_cs", "cp1250"}, {35, "ucs2_general_ci", "ucs2"},
	{36, "cp866_general_ci", "cp866"}, {37, "keybcs2_general_ci", "keybcs2"},
	{38, "macce_general_ci", "macce"}, {39, "macroman_general_ci", "macroman"},
	{40, "cp852_general_ci", "cp852"}, {41, "latin7_general_ci", "latin7"},
	{42, "latin7_general_cs", "latin7"}, {43, "macce_bin", "macce"},
	{44, "cp1250_croatian_ci", "cp1250"}, {45, "utf8mb4_general_ci", "utf8mb4"},
	{46, "utf8mb4_bin", "utf8mb4"}, {47, "latin1_bin", "latin1"}, {48, "latin1_general_ci", "latin1"},
	{49, "latin1_general_cs", "latin1"}, {50, "cp1251_bin", "cp1251"},
	{51, "cp1251_general_ci", "cp1251"}, {52, "cp1251_general_cs", "cp1251"},
	{53, "macroman_bin", "macroman"}, {54, "utf16_general_ci", "utf16"}, {55, "utf16_bin", "utf16"},
	{56, "utf16le_general_ci", "utf16le"}, {57, "cp1256_general_ci", "cp1256"},
	{58, "cp1257_bin", "cp1257"}, {59, "cp1257_general_ci", "cp1257"}, {60, "utf32_general_ci", "utf32"},
	{61, "utf32_bin", "utf32"}, {62, "utf16le_bin", "utf16le"}, {63, "binary", "binary"},
	{64, "armscii8_bin", "armscii8"}, {65, "ascii_bin", "ascii"}, {66, "cp1250_bin", "cp1250"},
	{67, "cp1256_bin", "cp1256"}, {68, "cp866_bin", "cp866"}, {69, "dec8_bin", "dec8"},
	{70, "greek_bin", "greek"}, {71, "hebrew_bin", "hebrew"}, {72, "hp8_bin", "hp8"},
	{73, "keybcs2_bin", "keybcs2"}, {74, "koi8r_bin", "koi8r"}, {75, "koi8u_bin", "koi8u"},
	{77, "latin2_bin", "latin2"}, {78, "latin5_bin", "latin5"}, {79, "latin7_bin", "latin7"},
	{80, "cp850_bin", "cp850"}, {81, "cp852_bin", "cp852"}, {82, "swe7_bin", "swe7"},
	{83, "utf8mb3_bin", "utf8mb3"}, {84, "big5_bin", "big5"}, {85, "euckr_bin", "euckr"},
	{86, "gb2312_bin", "gb2312"}, {87, "gbk_bin", "gbk"}, {88, "sjis_bin", "sjis"},
	{89, "tis620_bin", "tis620"}, {90, "ucs2_bin", "ucs2"}, {91, "ujis_bin", "ujis"},
	{92, "geostd8_general_ci", "geostd8"}, {93, "geostd8_bin", "geostd8"},
	{94, "latin1_spanish_ci", "latin1"}, {95, "cp932_japanese_ci", "cp932"}, {96, "cp932_bin", "cp932"},
	{97, "eucjpms_japanese_ci", "eucjpms"}, {98, "eucjpms_bin", "eucjpms"},
	{99, "cp1250_polish_ci", "cp1250"}, {101, "utf16_unicode_ci", "utf16"},
	{102, "utf16_icelandic_ci", "utf16"}, {103, "utf16_latvian_ci", "utf16"},
	{104, "utf16_romanian_ci", "utf16"}, {105, "utf16_slovenian_ci", "utf16"},
	{106, "utf16_polish_ci", "utf16"}, {107, "utf16_estonian_ci", "utf16"},
	{108, "utf16_spanish_ci", "utf16"}, {109, "utf16_swedish_ci", "utf16"},
	{110, "utf16_turkish_ci", "utf16"}, {111, "utf16_czech_ci", "utf16"},
	{112, "utf16_danish_ci", "utf16"}, {113, "utf16_lithuanian_ci", "utf16"},
	{114, "utf16_slovak_ci", "utf16"}, {115, "utf16_spanish2_ci", "utf16"},
	{116, "utf16_roman_ci", "utf16"}, {117, "utf16_persian_ci", "utf16"},
	{118, "utf16_esperanto_ci", "utf16"}, {119, "utf16_hungarian_ci", "utf16"},
	{120, "utf16_sinhala_ci", "utf16"}, {121, "utf16_german2_ci", "utf16"},
	{123, "utf16_unicode_520_ci", "utf16"}, {124, "utf16_vietnamese_ci", "utf16"},
	{128, "ucs2_unicode_ci", "ucs2"}, {129, "ucs2_icelandic_ci", "ucs2"},
	{130, "ucs2_latvian_ci", "ucs2"}, {131, "ucs2_romanian_ci", "ucs2"},
	{132, "ucs2_slovenian_ci", "ucs2"}, {133, "ucs2_polish_ci", "ucs2"},
	{134, "ucs2_estonian_ci", "ucs2"}, {135, "ucs2_spanish_ci", "ucs2"},
	{136, "ucs2_swedish_ci", "ucs2"}, {137, "ucs2_turkish_ci", "ucs2"}, {138, "ucs2_czech_ci", "ucs2"},
	{139, "ucs2_danish_ci", "ucs2"}, {140, "ucs2_lithuanian_ci", "ucs2"},
	{141, "ucs2_slovak_ci", "ucs2"}, {142, "ucs2_spanish2_ci", "ucs2"}, {143, "ucs2_roman_ci", "ucs2"},
	{144, "ucs2_persian_ci", "ucs2"}, {145, "ucs2_esperanto_ci", "ucs2"},
	{146, "ucs2_hungarian_ci", "ucs2"}, {147, "ucs2_sinhala_ci", "ucs2"},
	{148, "ucs2_german2_ci", "ucs2"}, {150, "ucs2_unicode_520_ci", "ucs2"},
	{151, "ucs2_vietnamese_ci", "ucs2"}, {159, "ucs2_general_mysql500_ci", "ucs2"},
	{160, "utf32_unicode_ci", "utf32"}, {161, "utf32_icelandic_ci", "utf32"},
	{162, "utf32_latvian_ci", "utf32"}, {163, "utf32_romanian_ci", "utf32"},
	{164, "utf32_slovenian_ci", "utf32"}, {165, "utf32_polish_ci", "utf32"},
	{166, "utf32_estonian_ci", "utf32"}, {167, "utf32_spanish_ci", "utf32"},
	{168, "utf32_swedish_ci", "utf32"}, {169, "utf32_turkish_ci", "utf32"},
	{170, "utf32_czech_ci", "utf32"}, {171, "utf32_danish_ci", "utf32"},
	{172, "utf32_lithuanian_ci", "utf32"}, {173, "utf32_slovak_ci", "utf32"},
	{174, "utf32_spanish2_ci", "utf32"}, {175, "utf32_roman_ci", "utf32"},
	{176, "utf32_persian_ci", "utf32"}, {177, "utf32_esperanto_ci", "utf32"},
	{178, "utf32_hungarian_ci", "utf32"}, {179, "utf32_sinhala_ci", "utf32"},
	{180, "utf32_german2_ci", "utf32"}, {182, "utf32_unicode_520_ci", "utf32"},
	{183, "utf32_vietnamese_ci", "utf32"}, {192, "utf8mb3_unicode_ci", "utf8mb3"},
	{193, "utf8mb3_icelandic_ci", "utf8mb3"}, {194, "utf8mb3_latvian_ci", "utf8mb3"},
	{195, "utf8mb3_romanian_ci", "utf8mb3"}, {196, "utf8mb3_slovenian_ci", "utf8mb3"},
	{197, "utf8mb3_polish_ci", "utf8mb3"}, {198, "utf8mb3_estonian_ci", "utf8mb3"},
	{199, "utf8mb3_spanish_ci", "utf8mb3"}, {200, "utf8mb3_swedish_ci", "utf8mb3"},
	{201, "utf8mb3_turkish_ci", "utf8mb3"}, {202, "utf8mb3_czech_ci", "utf8mb3"},
	{203, "utf8mb3_danish_ci", "utf8mb3"}, {204, "utf8mb3_lithuanian_ci", "utf8mb3"},
	{205, "utf8mb3_slovak_ci", "utf8mb3"}, {206, "utf8mb3_spanish2_ci", "utf8mb3"},
	{207, "utf8mb3_roman_ci", "utf8mb3"}, {208, "utf8mb3_persian_ci", "utf8mb3"},
	{209, "utf8mb3_esperanto_ci", "utf8mb3"}, {210, "utf8mb3_hungarian_ci", "utf8mb3"},
	{211, "utf8mb3_sinhala_ci", "utf8mb3"}, {212, "utf8mb3_german2_ci", "utf8mb3"},
	{214, "utf8mb3_unicode_520_ci", "utf8mb3"}, {215, "utf8mb3_vietnamese_ci", "utf8mb3"},
	{223, "utf8mb3_general_mysql500_ci", "utf8mb3"}, {224, "utf8mb4_unicode_ci", "utf8mb4"},
	{225, "utf8mb4_icelandic_ci", "utf8mb4"}, {226, "utf8mb4_latvian_ci", "utf8mb4"},
	{227, "utf8mb4_romanian_ci", "utf8mb4"}, {228, "utf8mb4_slovenian_ci", "utf8mb4"},
	{229, "utf8mb4_polish_ci", "utf8mb4"}, {230, "utf8mb4_estonian_ci", "utf8mb4"},
	{231, "utf8mb4_spanish_ci", "utf8mb4"}, {232, "utf8mb4_swedish_ci", "utf8mb4"},
	{233, "utf8mb4_turkish_ci", "utf8mb4"}, {234, "utf8mb4_czech_ci", "utf8mb4"},
	{235, "utf8mb4_danish_ci", "utf8mb4"}, {236, "utf8mb4_lithuanian_ci", "utf8mb4"},
	{237, "utf8mb4_slovak_ci", "utf8mb4"}, {238, "utf8mb4_spanish2_ci", "utf8mb4"},
	{239, "utf8mb4_roman_ci", "utf8mb4"}, {240, "utf8mb4_persian_ci", "utf8mb4"},
	{241, "utf8mb4_esperanto_ci", "utf8mb4"}, {242, "utf8mb4_hungarian_ci", "utf8mb4"},
	{243, "utf8mb4_sinhala_ci", "utf8mb4"}, {244, "utf8mb4_german2_ci", "utf8mb4"},
	{246, "utf8mb4_unicode_520_ci", "utf8mb4"}, {247, "utf8mb4_vietnamese_ci", "utf8mb4"},
	{255, "utf8mb4_0900_ai_ci", "utf8mb4"}, {256, "utf8mb4_de_pb_0900_ai_ci", "utf8mb4"},
	{257, "utf8mb4_is_0900_ai_ci", "utf8mb4"}, {258, "utf8mb4_lv_0900_ai_ci", "utf8mb4"},
	{259, "utf8mb4_ro_0900_ai_ci", "utf8mb4"}, {260, "utf8mb4_sl_0900_ai_ci", "utf8mb4"},
	{261, "utf8mb4_pl_0900_ai_ci", "utf8mb4"}, {262, "utf8mb4_et_0900_ai_ci", "utf8mb4"},
	{263, "utf8mb4_es_0900_ai_ci", "utf8mb4"}, {264, "utf8mb4_sv_0900_ai_ci", "utf8mb4"},
	{265, "utf8mb4_tr_0900_ai_ci", "utf8mb4"}, {266, "utf8mb4_cs_0900_ai_ci", "utf8mb4"},
	{267, "utf8mb4_da_0900_ai_ci", "utf8mb4"}, {268, "utf8mb4_lt_0900_ai_ci", "utf8mb4"},
	{269, "utf8mb4_sk_0900_ai_ci", "utf8mb4"}, {270, "utf8mb4_es_trad_0900_ai_ci", "utf8mb4"},
	{271, "utf8mb4_la_0900_ai_ci", "utf8mb4"}, {273, "utf8mb4_eo_0900_ai_ci", "utf8mb4"},
	{274, "utf8mb4_hu_0900_ai_ci", "utf8mb4"}, {275, "utf8mb4_hr_0900_ai_ci", "utf8mb4"},
	{277, "utf8mb4_vi_0900_ai_ci", "utf8mb4"}, {278, "utf8mb4_0900_as_cs", "utf8mb4"},
	{279, "utf8mb4_de_pb_0900_as_cs", "utf8mb4"}, {280, "utf8mb4_is_0900_as_cs", "utf8mb4"},
	{281, "utf8mb4_lv_0900_as_cs", "utf8mb4"}, {282, "utf8mb4_ro_0900_as_cs", "utf8mb4"},
	{283, "utf8mb4_sl_0900_as_cs", "utf8mb4"}, {284, "utf8mb4_pl_0900_as_cs", "utf8mb4"},
	{285, "utf8mb4_et_0900_as_cs", "utf8mb4"}, {286, "utf8mb4_es_0900_as_cs", "utf8mb4"},
	{287, "utf8mb4_sv_0900_as_cs", "utf8mb4"}, {288, "utf8mb4_tr_0900_as_cs", "utf8mb4"},
	{289, "utf8mb4_cs_0900_as_cs", "utf8mb4"}, {290, "utf8mb4_da_0900_as_cs", "utf8mb4"},
	{291, "utf8mb4_lt_0900_as_cs", "utf8mb4"}, {292, "utf8mb4_sk_0900_as_cs", "utf8mb4"},
	{293, "utf8mb4_es_trad_0900_as_cs", "utf8mb4"}, {294, "utf8mb4_la_0900_as_cs", "utf8mb4"},
	{296, "utf8mb4_eo_0900_as_cs", "utf8mb4"}, {297, "utf8mb4_hu_0900_as_cs", "utf8mb4"},
	{298, "utf8mb4_hr_0900_as_cs", "utf8mb4"}, {300, "utf8mb4_vi_0900_as_cs", "utf8mb4"},
	{305, "utf8mb4_0900_as_ci", "utf8mb4"}, {309, "utf8mb4_0900_bin", "utf8mb4"},
};

static const struct collation mysql_only[] = {
	{76, "utf8mb3_tolower_ci", "utf8mb3"}, {122, "utf16_croatian_ci", "utf16"},
	{149, "ucs2_croatian_ci", "ucs2"}, {181, "utf32_croatian_ci", "utf32"},
	{213, "utf8mb3_croatian_ci", "utf8mb3"}, {245, "utf8mb4_croatian_ci", "utf8mb4"},
	{248, "gb18030_chinese_ci", "gb18030"}, {249, "gb18030_bin", "gb18030"},
	{250, "gb18030_unicode_520_ci", "gb18030"}, {303, "utf8mb4_ja_0900_as_cs", "utf8mb4"},
	{304, "utf8mb4_ja_0900_as_cs_ks", "utf8mb4"}, {306, "utf8mb4_ru_0900_ai_ci", "utf8mb4"},
	{307, "utf8mb4_ru_0900_as_cs", "utf8mb4"}, {308, "utf8mb4_zh_0900_as_cs", "utf8mb4"},
	{310, "utf8mb4_nb_0900_ai_ci", "utf8mb4"}, {311, "utf8mb4_nb_0900_as_cs", "utf8mb4"},
	{312, "utf8mb4_nn_0900_ai_ci", "utf8mb4"}, {313, "utf8mb4_nn_0900_as_cs", "utf8mb4"},
	{314, "utf8mb4_sr_latn_0900_ai_ci", "utf8mb4"}, {315, "utf8mb4_sr_latn_0900_as_cs", "utf8mb4"},
	{316, "utf8mb4_bs_0900_ai_ci", "utf8mb4"}, {317, "utf8mb4_bs_0900_as_cs", "utf8mb4"},
	{318, "utf8mb4_bg_0900_ai_ci", "utf8mb4"}, {319, "utf8mb4_bg_0900_as_cs", "utf8mb4"},
	{320, "utf8mb4_gl_0900_ai_ci", "utf8mb4"}, {321, "utf8mb4_gl_0900_as_cs", "utf8mb4"},
	{322, "utf8mb4_mn_cyrl_0900_ai_ci", "utf8mb4"}, {323, "utf8mb4_mn_cyrl_0900_as_cs", "utf8mb4"},
};

static const struct collation maria_only[] = {
	{122, "utf16_croatian_mysql561_ci", "utf16"}, {149, "ucs2_croatian_mysql561_ci", "ucs2"},
	{181, "utf32_croatian_mysql561_ci", "utf32"}, {213, "utf8mb3_croatian_mysql561_ci", "utf8mb3"},
	{245, "utf8mb4_croatian_mysql561_ci", "utf8mb4"}, {576, "utf8mb3_croatian_ci", "utf8mb3"},
	{577, "utf8mb3_myanmar_ci", "utf8mb3"}, {578, "utf8mb3_thai_520_w2", "utf8mb3"},
	{579, "utf8mb3_general1400_as_ci", "utf8mb3"}, {608, "utf8mb4_croatian_ci", "utf8mb4"},
	{609, "utf8mb4_myanmar_ci", "utf8mb4"}, {610, "utf8mb4_thai_520_w2", "utf8mb4"},
	{611, "utf8mb4_general1400_as_ci", "utf8mb4"}, {640, "ucs2_croatian_ci", "ucs2"},
	{641, "ucs2_myanmar_ci", "ucs2"}, {642, "ucs2_thai_520_w2", "ucs2"},
	{672, "utf16_croatian_ci", "utf16"}, {673, "utf16_myanmar_ci", "utf16"},
	{674, "utf16_thai_520_w2", "utf16"}, {736, "utf32_croatian_ci", "utf32"},
	{737, "utf32_myanmar_ci", "utf32"}, {738, "utf32_thai_520_w2", "utf32"},
	{1025, "big5_chinese_nopad_ci", "big5"}, {1027, "dec8_swedish_nopad_ci", "dec8"},
	{1028, "cp850_general_nopad_ci", "cp850"}, {1030, "hp8_english_nopad_ci", "hp8"},
	{1031, "koi8r_general_nopad_ci", "koi8r"}, {1032, "latin1_swedish_nopad_ci", "latin1"},
	{1033, "latin2_general_nopad_ci", "latin2"}, {1034, "swe7_swedish_nopad_ci", "swe7"},
	{1035, "ascii_general_nopad_ci", "ascii"}, {1036, "ujis_japanese_nopad_ci", "ujis"},
	{1037, "sjis_japanese_nopad_ci", "sjis"}, {1040, "hebrew_general_nopad_ci", "hebrew"},
	{1042, "tis620_thai_nopad_ci", "tis620"}, {1043, "euckr_korean_nopad_ci", "euckr"},
	{1046, "koi8u_general_nopad_ci", "koi8u"}, {1048, "gb2312_chinese_nopad_ci", "gb2312"},
	{1049, "greek_general_nopad_ci", "greek"}, {1050, "cp1250_general_nopad_ci", "cp1250"},
	{1052, "gbk_chinese_nopad_ci", "gbk"}, {1054, "latin5_turkish_nopad_ci", "latin5"},
	{1056, "armscii8_general_nopad_ci", "armscii8"}, {1057, "utf8mb3_general_nopad_ci", "utf8mb3"},
	{1059, "ucs2_general_nopad_ci", "ucs2"}, {1060, "cp866_general_nopad_ci", "cp866"},
	{1061, "keybcs2_general_nopad_ci", "keybcs2"}, {1062, "macce_general_nopad_ci", "macce"},
	{1063, "macroman_general_nopad_ci", "macroman"}, {1064, "cp852_general_nopad_ci", "cp852"},
	{1065, "latin7_general_nopad_ci", "latin7"}, {1067, "macce_nopad_bin", "macce"},
	{1069, "utf8mb4_general_nopad_ci", "utf8mb4"}, {1070, "utf8mb4_nopad_bin", "utf8mb4"},
	{1071, "latin1_nopad_bin", "latin1"}, {1074, "cp1251_nopad_bin", "cp1251"},
	{1075, "cp1251_general_nopad_ci", "cp1251"}, {1077, "macroman_nopad_bin", "macroman"},
	{1078, "utf16_general_nopad_ci", "utf16"}, {1079, "utf16_nopad_bin", "utf16"},
	{1080, "utf16le_general_nopad_ci", "utf16le"}, {1081, "cp1256_general_nopad_ci", "cp1256"},
	{1082, "cp1257_nopad_bin", "cp1257"}, {1083, "cp1257_general_nopad_ci", "cp1257"},
	{1084, "utf32_general_nopad_ci", "utf32"}, {1085, "utf32_nopad_bin", "utf32"},
	{1086, "utf16le_nopad_bin", "utf16le"}, {1088, "armscii8_nopad_bin", "armscii8"},
	{1089, "ascii_nopad_bin", "ascii"}, {1090, "cp1250_nopad_bin", "cp1250"},
	{1091, "cp1256_nopad_bin", "cp1256"}, {1092, "cp866_nopad_bin", "cp866"},
	{1093, "dec8_nopad_bin", "dec8"}, {1094, "greek_nopad_bin", "greek"},
	{1095, "hebrew_nopad_bin", "hebrew"}, {1096, "hp8_nopad_bin", "hp8"},
	{1097, "keybcs2_nopad_bin", "keybcs2"}, {1098, "koi8r_nopad_bin", "koi8r"},
	{1099, "koi8u_nopad_bin", "koi8u"}, {1101, "latin2_nopad_bin", "latin2"},
	{1102, "latin5_nopad_bin", "latin5"}, {1103, "latin7_nopad_bin", "latin7"},
	{1104, "cp850_nopad_bin", "cp850"}, {1105, "cp852_nopad_bin", "cp852"},
	{1106, "swe7_nopad_bin", "swe7"}, {1107, "utf8mb3_nopad_bin", "utf8mb3"},
	{1108, "big5_nopad_bin", "big5"}, {1109, "euckr_nopad_bin", "euckr"},
	{1110, "gb2312_nopad_bin", "gb2312"}, {1111, "gbk_nopad_bin", "gbk"},
	{1112, "sjis_nopad_bin", "sjis"}, {1113, "tis620_nopad_bin", "tis620"},
	{1114, "ucs2_nopad_bin", "ucs2"}, {1115, "ujis_nopad_bin", "ujis"},
	{1116, "geostd8_general_nopad_ci", "geostd8"}, {1117, "geostd8_nopad_bin", "geostd8"},
	{1119, "cp932_japanese_nopad_ci", "cp932"}, {1120, "cp932_nopad_bin", "cp932"},
	{1121, "eucjpms_japanese_nopad_ci", "eucjpms"}, {1122, "eucjpms_nopad_bin", "eucjpms"},
	{1125, "utf16_unicode_nopad_ci", "utf16"}, {1147, "utf16_unicode_520_nopad_ci", "utf16"},
	{1152, "ucs2_unicode_nopad_ci", "ucs2"}, {1174, "ucs2_unicode_520_nopad_ci", "ucs2"},
	{1184, "utf32_unicode_nopad_ci", "utf32"}, {1206, "utf32_unicode_520_nopad_ci", "utf32"},
	{1216, "utf8mb3_unicode_nopad_ci", "utf8mb3"}, {1238, "utf8mb3_unicode_520_nopad_ci", "utf8mb3"},
	{1248, "utf8mb4_unicode_nopad_ci", "utf8mb4"}, {1270, "utf8mb4_unicode_520_nopad_ci", "utf8mb4"},
};

/* MariaDB's uca1400 collations are numbered by character set, language, padding, accents and case. */
#define FOUR(base, name, charset) \
	{(base), name "_ai_ci", charset}, {(base) + 1, name "_ai_cs", charset}, \
	{(base) + 2, name "_as_ci", charset}, {(base) + 3, name "_as_cs", charset},
#define LANGUAGE(base, language, charset) \
	FOUR((base), charset "_uca1400" language, charset) FOUR((base) + 4, charset "_uca1400" language "_nopad", charset)
#define UCA1400(base, charset) \
	LANGUAGE(base, "", charset) \
	LANGUAGE((base) + 8, "_icelandic", charset) \
	LANGUAGE((base) + 16, "_latvian", charset) \
	LANGUAGE((base) + 24, "_romanian", charset) \
	LANGUAGE((base) + 32, "_slovenian", charset) \
	LANGUAGE((base) + 40, "_polish", charset) \
	LANGUAGE((base) + 48, "_estonian", charset) \
	LANGUAGE((base) + 56, "_spanish", charset) \
	LANGUAGE((base) + 64, "_swedish", charset) \
	LANGUAGE((base) + 72, "_turkish", charset) \
	LANGUAGE((base) + 80, "_czech", charset) \
	LANGUAGE((base) + 88, "_danish", charset) \
	LANGUAGE((base) + 96, "_lithuanian", charset) \
	LANGUAGE((base) + 104, "_slovak", charset) \
	LANGUAGE((base) + 112, "_spanish2", charset) \
	LANGUAGE((base) + 120, "_roman", charset) \
	LANGUAGE((base) + 128, "_persian", charset) \
	LANGUAGE((base) + 136, "_esperanto", charset) \
	LANGUAGE((base) + 144, "_hungarian", charset) \
	LANGUAGE((base) + 152, "_sinhala", charset) \
	LANGUAGE((base) + 160, "_german2", charset) \
	LANGUAGE((base) + 184, "_vietnamese", charset) \
	LANGUAGE((base) + 192, "_croatian", charset)

static const struct collation maria_uca1400[] = {
	UCA1400(2048, "utf8mb3") UCA1400(2304, "utf8mb4") UCA1400(2560, "ucs2") UCA1400(2816, "utf16")
	UCA1400(3072, "utf32")
};

#define PART(list) {list, sizeof(list) / sizeof((list)[0])}

const struct collation_part collation_parts[2][3] = {
	[FAMILY_MYSQL] = {PART(common), PART(mysql_only), {NULL, 0}},
	[FAMILY_MARIADB] = {PART(common), PART(maria_only), PART(maria_uca1400)},
};
