package words

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	text "text/template"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
)

const extension = ".txt"

// texts are the templates of letters of one channel.
type texts struct {
	language string                    // where the user's own is not there
	all      map[string]*text.Template // <kind>.<language> → template
}

// parseTexts reads the templates of a folder, and notes its problems.
func parseTexts(files fs.FS, language string) (t texts, problems []error) {
	t = texts{language, map[string]*text.Template{}}
	names, err := fs.Glob(files, "*"+extension)
	if err != nil {
		return t, []error{err}
	}
	for _, name := range names {
		parsed, err := text.New(name).Option("missingkey=error").ParseFS(files, name)
		if err != nil {
			problems = append(problems, fmt.Errorf("template %s: %w", name, err))
			continue
		}
		t.all[strings.TrimSuffix(path.Base(name), extension)] = parsed
	}
	return t, problems
}

// errLost says that a letter lacks what its user waits for.
var errLost = errors.New("the code or the link is missing: give it a paragraph of its own")

// check writes a letter with each template by try, and notes the kinds that are
// missing in the language.
func (t texts) check(kinds []mail.Kind, try func(mail.Letter) error) (problems []error) {
	for _, kind := range kinds {
		if t.all[templateName(kind, t.language)] == nil {
			problems = append(problems, fmt.Errorf("template %s%s is missing: write it, or choose another language", templateName(kind, t.language), extension))
		}
	}
	for name := range t.all {
		kind, language, _ := strings.Cut(name, ".")
		letter := mail.Letter{Kind: mail.Kind(kind), Locale: language, Lifetime: time.Minute, Passkey: "Passkey", Last: true}
		if letter.Kind.HasCode() {
			letter.Code = "01234567"
		}
		if letter.Kind == mail.KindLink {
			letter.Link = "https://example.com/#a.b"
		}
		if err := try(letter); err != nil {
			problems = append(problems, fmt.Errorf("template %s%s: %w", name, extension, err))
		}
	}
	return problems
}

func templateName(kind mail.Kind, language string) string { return string(kind) + "." + language }

// choose returns the template in the user's language, or in the default one.
func (t texts) choose(letter mail.Letter) (language string, template *text.Template, err error) {
	language, _, _ = strings.Cut(strings.ToLower(letter.Locale), "-")
	language, _, _ = strings.Cut(language, "_")
	if template = t.all[templateName(letter.Kind, language)]; template == nil {
		language, template = t.language, t.all[templateName(letter.Kind, t.language)]
	}
	if template == nil {
		return "", nil, fmt.Errorf("there is no template of kind %q", letter.Kind)
	}
	return language, template, nil
}
