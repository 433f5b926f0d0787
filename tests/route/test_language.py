"""Other languages in Latin letters are not taken for English; odd English is."""

import pytest

from turnout.route.language import english
from turnout.route.text import readable

OTHER = {
    "ca": "Escriu una funció que ordeni aquesta llista de nombres",
    "cs": "Proč tento test selže, když změním nastavení?",
    "da": "Hvorfor fejler denne test, og hvordan retter jeg den?",
    "de": "Warum schlägt dieser Test fehl, wenn ich die Konfiguration ändere?",
    "de, English terms": "Bitte refactore den Parser im Backend und schreibe einen Unit Test",
    "es": "¿Por qué falla esta prueba cuando cambio la configuración?",
    "es, no accents": "arregla el error que aparece cuando abro el archivo",
    "fi": "Miksi tämä testi ei mene läpi, kun muutan asetuksia?",
    "fr": "Pourquoi ce test échoue-t-il quand je change la configuration ?",
    "fr, no accents": "corrige le bug dans la fonction qui lit les fichiers",
    "hu": "Miért nem fut le ez a teszt, ha módosítom a beállítást?",
    "id": "Tolong perbaiki kesalahan dalam fungsi yang membaca berkas ini",
    "it": "Perché questo test fallisce quando cambio la configurazione?",
    "nl": "Waarom faalt deze test wanneer ik de instellingen verander?",
    "no": "Hvorfor feiler denne testen, og hvordan retter jeg den?",
    "pl": "Dlaczego ten test nie przechodzi po zmianie konfiguracji?",
    "pt": "Escreva uma função que ordena uma lista de números inteiros",
    "ro": "De ce eșuează acest test când schimb configurația?",
    "sv": "Varför misslyckas det här testet när jag ändrar inställningen?",
    "tr": "Bu test neden hata veriyor ve ne yapmam gerekiyor?",
    "vi": "Tại sao bài kiểm tra này không thành công?",
}
ENGLISH = {
    "one word": "continue",
    "no small words": "refactor parser, add tests",
    "code": "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)",
    "SQL": "SELECT name FROM users WHERE id = 7",
    "a sum": r"Compute $\\sin 270^\\circ$ and $\\sum_{k=1}^{10} k^2$.",
    "places": "Find a pet store near Los Angeles or San Andrés, CA",
    "a film": "What is the plot of La dolce vita and who made it?",
    "asks for a translation": "Translate 'guten Morgen, wie geht es' into French for me, please",
    "names": "Søren and Zoë wrote the café's menu; check what they have spelt wrong",
    "a log": "ERROR 14:02:11 worker[3]: connection reset by peer",
}


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_another_language(text: str) -> None:
    assert not english(text)
    assert not readable(text)


@pytest.mark.parametrize("text", ENGLISH.values(), ids=ENGLISH)
def test_odd_english(text: str) -> None:
    assert english(text)
    assert readable(text)
