"""What the columns of question files are called in languages other than English, written as ``names.plain`` writes them."""

QUESTION = (
    "frage", "fragetext", "aufgabe", "pregunta", "enunciado", "pergunta", "questao", "domanda", "quesito", "vraag",
    "pytanie", "soru", "pertanyaan", "soal", "вопрос", "текствопроса", "问题", "題目", "题目", "题干", "試題", "问句", "問題",
    "設問",
    "textopregunta", "textodelapregunta", "textopergunta", "testo", "testodomanda", "sporsmal", "spørsmal", "spørgsmal",
    "fraga", "kysymys", "kerdes", "otazka", "intrebare", "ερώτηση", "سوال", "السؤال", "परशन", "질문", "문제", "cauhoi",
    "noidungcauhoi", "noidung",
)  # fmt: skip
"""Names of the column of questions."""

ANSWER = (
    "richtigeantwort", "korrekteantwort", "richtig", "korrekt", "antwort", "loesung", "losung", "respuestacorrecta",
    "opcioncorrecta", "indicecorrecto", "correcta", "correcto", "respuesta", "respostacorreta", "alternativacorreta", "correta",
    "gabarito", "resposta", "bonnereponse", "reponsecorrecte", "bonne", "reponse", "rispostacorretta", "rispostaesatta",
    "corretta", "risposta", "juisteantwoord", "juist", "antwoord", "poprawnaodpowiedz", "poprawna", "odpowiedz", "dogrucevap",
    "cevap", "jawabanbenar", "jawaban", "kuncijawaban", "kunci", "правильныиответ", "верныиответ", "ответ", "正确答案",
    "答案", "標準答案", "標準解答", "正解", "正答", "解答", "答え",
    "svar", "riktigtsvar", "rattsvar", "korrektsvar", "riktigsvar", "fasit", "oikeavastaus", "helyesvalasz", "spravnaodpoved",
    "raspunscorect", "الجواب", "الإجابة", "الاجابة", "सहउततर", "정답", "đapan",
    "indicerespuestacorrecta", "respuestacorrectaindice", "đapanđung",
)  # fmt: skip
"""Names of the column of right answers."""

CHOICES = (
    "antworten", "antwortmoglichkeiten", "antwortmoeglichkeiten", "optionen", "opciones", "alternativas", "respuestas",
    "opcoes", "respostas", "choix", "reponses", "propositions", "opzioni", "risposte", "opties", "antwoorden", "odpowiedzi",
    "secenekler", "siklar", "pilihan", "варианты", "вариантыответа", "вариантыответов", "ответы", "选项", "選項", "选择",
    "選択肢",
    "svaralternativ", "svaralternativer", "alternativer", "svarsalternativ", "vastausvaihtoehdot", "valaszok", "moznosti",
    "variante", "الخيارات", "वकलप", "선택지", "보기", "luachon",
)  # fmt: skip
"""Names of a column that holds all choices."""

CHOICE_STEMS = (
    "antwort", "opcion", "alternativa", "respuesta", "opcao", "resposta", "reponse", "proposition", "opzione", "risposta",
    "optie", "antwoord", "odpowiedz", "secenek", "sik", "pilihan", "вариант", "ответ", "选项", "選項", "選択肢",
    "解答", "回答", "svar", "svaralternativ", "alternativ",
)  # fmt: skip
"""What comes before the letter or number in the names of columns with one choice each."""

DISTRACTORS = (
    "falscheantworten", "respuestasincorrectas", "respostasincorretas", "mauvaisesreponses", "risposteerrate",
    "rispostesbagliate", "неправильныеответы", "неверныеответы",
)  # fmt: skip
"""Names of a column that holds all wrong choices."""

DISTRACTOR_STEMS = (
    "falscheantwort",
    "falsch",
    "respuestaincorrecta",
    "incorrecta",
    "mauvaisereponse",
    "неправильныиответ",
    "đapansai",
)
"""What comes before the number in the names of columns with one wrong choice each."""

EXPLANATION = (
    "erklaerung", "erklarung", "begruendung", "begrundung", "explicacion", "explicacao", "justificacion", "explication",
    "spiegazione", "uitleg", "tipp", "hinweis", "pista", "wyjasnienie", "aciklama", "penjelasan", "pembahasan",
    "пояснение", "объяснение", "解析", "解説", "解釋", "解释",
)  # fmt: skip
"""Words in the names of columns that explain the right answer."""

TEXT_KEYS = ("texto", "testo", "texte", "tekst", "текст", "antwort", "respuesta", "resposta", "reponse", "risposta", "文本")
"""Keys of a choice's text, in an object for each choice."""

FLAG_KEYS = (
    "richtig", "istRichtig", "korrekt", "correcta", "correcto", "esCorrecta", "es_correcta", "correta", "correto", "corretta",
    "correcte", "juist", "poprawna", "верный", "верно", "правильный",
)  # fmt: skip
"""Keys that say whether a choice is right, in an object for each choice."""
