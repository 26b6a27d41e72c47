"""Text in an old encoding is read as what it most likely is, however short, and the guess is named."""

from __future__ import annotations

import pytest

from docstra_tui.context.files.decoding import decode

WESTERN = [
    "größe",
    "Größe",
    "façade, déjà vu",
    "© 2020 Müller",
    "# Ünïcödé\nx = 1\n",
    "été",
    "à",
    "// (c) André Lefèvre\nint main() { return 0; }\n",
    "“quoted” – it’s fine…",
    "El niño comió piñas en la montaña.",
    "Det är en smörgås på bordet, å så gott.",
    "yöäänet",
    "£5 and 20°C ±3",
    "price: 5 €",
    "m³ und µm",
    "# an M×N matrix\n",
    "GRÖSSE ÜBER ALLES ÄNDERN",
    "¿Qué? ¡Sí!",
    "tr = str.maketrans('áéíóúñü', 'aeiounu')",
    "re.compile('[äöüÄÖÜß]')  # für Umlaute",
    "São Paulo não é a capital; ações, órgãos e coração.",
    "Þetta er venjuleg setning á íslensku með æði mörgum stöfum.",
    "Voilà l’œuvre de François — « très naïve », n’est-ce pas ?",
]

OTHERS = [
    ("cp1251", "Привет, мир! Это обычное предложение на русском языке."),
    ("cp1251", "// проверка размера файла\nif (size > 3) return; // выход\n"),
    ("cp1251", "print('Ошибка: файл не найден')\n"),
    ("koi8_r", "Привет, мир! Это обычное предложение на русском языке."),
    ("koi8_r", "// проверка размера файла\nif (size > 3) return; // выход\n"),
    ("koi8_r", "print('Ошибка: файл не найден')\n"),
    ("cp866", "Привет, мир! Это обычное предложение на русском языке."),
    ("cp932", "これは日本語のテキストです。文字コードを推測します。"),
    ("cp932", "# 設定ファイルを読む\ndef read(): pass\n"),
    ("cp932", "日本語"),
    ("euc_jp", "これは日本語のテキストです。文字コードを推測します。"),
    ("euc_jp", "# 設定ファイルを読む\ndef read(): pass\n"),
    ("cp949", "안녕하세요. 이것은 한국어로 쓴 보통 문장입니다."),
    ("cp949", "# 설정 파일을 읽는다\ndef read(): pass\n"),
    ("gb18030", "这是一个普通的中文句子，用来测试编码的猜测。"),
    ("gb18030", "# 读取配置文件\ndef read(): pass\n"),
    ("big5", "這是一個普通的中文句子，用來測試編碼的猜測。"),
    ("big5", "print('錯誤：找不到檔案')\n"),
    ("cp1253", "Αυτή είναι μια συνηθισμένη πρόταση στα ελληνικά."),
    (
        "cp1255",
        "הקובץ הזה מכיל הערות בעברית, והוא נשמר בקידוד ישן. צריך לבדוק שהניחוש נכון ושכל האותיות מוצגות.",
    ),
    ("cp1256", "هذه جملة عادية باللغة العربية لاختبار الترميز."),
    ("cp874", "นี่คือประโยคภาษาไทยธรรมดา"),
    ("cp1250", "Tohle je obyčejná česká věta, která má několik háčků a čárek v každém slově."),
    ("cp1250", "Dziękuję bardzo za pomoc, wszystko działa świetnie i będę używać tego częściej."),
    ("iso8859_2", "Dziękuję bardzo za pomoc, wszystko działa świetnie i będę używać tego częściej."),
    ("cp437", "Größe und Übermut"),
    ("mac_roman", "Größe und Übermut"),
]


@pytest.mark.parametrize("text", WESTERN)
@pytest.mark.parametrize("times", [1, 300], ids=["short", "long"])
def test_western_text_is_read_as_such(text: str, times: int) -> None:
    whole = "\n".join([text] * times)
    assert decode(whole.encode("cp1252"), "f.txt") == (
        whole,
        "cp1252",
        "f.txt is not UTF-8; it was read as cp1252, which is a guess.",
    )


@pytest.mark.parametrize(("encoding", "text"), OTHERS)
def test_a_sentence_in_another_alphabet_is_read_as_that(encoding: str, text: str) -> None:
    found, name, note = decode(text.encode(encoding), "f.txt")
    assert found == text
    assert name in note and name == encoding.replace("_", "-")


def test_every_byte_of_a_guess_is_kept() -> None:
    data = ("x = 1  # " + "plain\r\n" * 1000 + "größe\r\n").encode("cp1252")
    text, encoding, _ = decode(data, "f.txt")
    assert text.encode(encoding) == data
