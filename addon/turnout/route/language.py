"""Is a text in Latin letters English? By its small words: the encoder was trained on English only,
and puts other languages somewhere among what it knows, as sure of itself as ever.

How well it is told: scripts/languages.py.
"""

import re

# the most frequent small words; those that are words or names in English, or in code, are left out
ENGLISH = """a about all an and any are as at be been but by can do does for from get give has have
how if in into is it its make me my no not of on one or our out please should so such than that the
their them then there these they this to up use using was we what when where which while who why
will with without would write you your"""
OTHERS = """
de  aber alle als auch auf aus bei beim bitte dann das dem den denn dieser dieses durch ein
    eine einem einen einer eines für gibt habe haben ich ihr im ist kann kein keine können man
    mir mit nach nicht noch nur oder schreibe sich sie sind und unter vom von wann warum was
    wenn werden wie wird wo zu zum zur zwischen über
fr  aux avec ce ces cette comment dans des du elle est et faire fait il ils je la le les leur
    mais mon même ne nous ou où par pas peut plus pour pourquoi quand que quel quelle qui sa
    sans ses son sont sur très tu un une vous écris être
es  al como con cual cuando cuál cómo de del desde donde el ella en entre es escribe esta este
    esto está hay la las lo los mi muy más no para pero por porque puede que qué se si sin
    sobre su sus también tiene un una uno y
pt  ao aos as com como da das de do dos ela ele em entre escreva essa esse esta este está eu
    foi isso mais mas meu muito na nas no nos não o os ou para pela pelo por porque qual quando
    que quem se sem seu sua são também tem um uma você é
it  al alla anche che chi ci come con da dal dalla dei del della delle di dove e gli ha ho i il
    in io la le lo ma mi nel nella non o per perché più può qual quale quando questa questo se
    senza si sono su sua sul un una uno è
nl  aan al bij dan dat de deze die dit door een en er geen heeft het hoe ik in is kan maar met
    mijn naar niet nog of om ook op over schrijf te tot uit van voor waarom wanneer wat worden
    wordt zijn
sv  alla att av den denna det detta du efter eller en ett finns från för har hur i inte jag kan
    man med men mig när och om på samma skriv skulle som så till under utan vad var varför vi
    vid är
da  af at den denne der det dette du eller en er et for fra har hvad hvis hvor hvordan hvorfor
    i ikke jeg kan med men når og om på skal skriv som så til ved vil være
no  at av den denne det dette du eller en er et for fra har hva hvis hvor hvordan hvorfor i
    ikke jeg kan med men når og om på skal skriv som så til ved vil være
fi  ei eivät ettei että ja joka jos jota joten kanssa kirjoita kuin kuinka kun miksi mikä miten
    mutta myös nyt ole oli olla on ovat se sekä sen tai tämä tämän tässä vain voi
pl  albo ale być co czy dla dlaczego do gdy gdzie i ich jak jako jest jeśli już która które
    który lub ma mi może na nad napisz nie o od oraz po pod przez przy się są tak ten to tylko
    tym w z za że
cs  a aby ale bez by být co do jak jako je jeho jen jsou kde když která které který mezi může
    na nebo nelze není o od po pod pokud pro proč při s se si tak ten to v ve však z za že
ro  a al ale am au ca care ce cu cum când de despre din dintre este eu fie fost la mai nu o pe
    pentru prin sau scrie se sunt să un una unde unei unui în și
hu  a az azt csak de egy ez ezt fel ha hogy hogyan is kell ki lehet meg mert mi mint miért már
    nem nincs vagy van volt és
tr  ama bir bu da daha de değil gibi göre hangi ile ise için kadar mi ne neden nerede olan
    olarak oluyor sonra tüm var ve veya ya yaz yok çok şu
id  ada adalah akan apa atau bagaimana bahwa berkas bisa dalam dan dapat dari dengan di harus
    ini itu jika kami karena ke kenapa mengapa oleh pada saya sebagai sebuah tidak tolong untuk
    yang
vi  bài bạn bằng bị cho các cái có cần của hãy khi không là làm lại một như những này nếu ra
    sao sẽ thể tôi tại từ viết và vào về với đã đó được để
ca  al amb aquest aquesta com de del dels el els en està fer ha han la les més no per perquè
    però quan que què s'ha seva són també un una és
"""
# words of code, of sums and of English that other languages use as well
NO_SIGN = """
als all come com con dan dat den die est fer fin for ha has if import ki len los man max men min
no non on or over per pro si sin so son sum tan til van var
"""
ACCENTS = 0.04  # of the letters
WORD = re.compile(r"[^\W\d_]+")


def _table() -> dict[str, frozenset[str]]:
    """By language: words of two letters at least, for letters are everywhere in sums and code."""
    found: dict[str, frozenset[str]] = {}
    for entry in re.split(r"\n(?=\w)", OTHERS.strip()):
        name, *words = entry.split()
        found[name] = frozenset(word for word in words if len(word) > 1) - set(NO_SIGN.split())
    return found


EVERYWHERE = frozenset(OTHERS.split())  # in, is, was, a: they tell nothing
FOREIGN = [those - frozenset(ENGLISH.split()) for those in _table().values()]
OWN = frozenset(ENGLISH.split()) - EVERYWHERE


def english(text: str) -> bool:
    """Unless more different small words of one other language are in it than English ones. A single
    one, or accents, tell only where no English word is."""
    words = set(WORD.findall(text.lower()))
    own, most = len(words & OWN), max(len(words & those) for those in FOREIGN)
    if own:
        return most < 2 or own >= most
    letters = [letter for letter in text if letter.isalpha()]
    accents = sum(not letter.isascii() for letter in letters)
    return most == 0 and (accents < ACCENTS * len(letters) or accents < 2)
