"""The letters of the demonstration, as Django puts them in files."""

from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend

from traitdunion.demo import letters


def test_letters_are_read_back_the_latest_first_with_their_addresses(tmp_path):
    backend = EmailBackend(file_path=str(tmp_path))
    link = "http://127.0.0.1:8000/barometre/repondre/abc.1:def/"
    backend.send_messages(
        [
            EmailMessage("Première", "Bonjour.", "a@exemple.fr", ["b@exemple.fr"]),
            EmailMessage("Votre avis", f"Ouvrez :\n{link}\nMerci à vous.", "a@exemple.fr", ["c@exemple.fr"]),
        ]
    )

    last, first = letters.latest(tmp_path, most=5)

    assert (last.to, last.subject, first.subject) == ("c@exemple.fr", "Votre avis", "Première")
    assert [text for text, is_address in last.parts if is_address] == [link]
    assert "".join(text for text, _ in last.parts).strip() == f"Ouvrez :\n{link}\nMerci à vous."
    assert letters.latest(tmp_path, most=1) == [last]
    assert (last.invitation, first.invitation) == (link, "")


def test_a_letter_is_found_by_words_of_its_text_its_address_or_its_role():
    letter = letters.Letter(
        to="personne-12@exemple.invalid",
        subject="Baromètre du Bas-Rhin",
        parts=[("La vague « Essai ».", False)],
    )

    assert letter.says("bas-rhin essai")
    assert letter.says("personne-12 préfet", role="Préfet")
    assert not letter.says("bas-rhin préfet")
    assert letter.says("")


def test_no_folder_is_no_letter(tmp_path):
    assert letters.latest(tmp_path / "absent", most=5) == []
