package people_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/people"
)

// read returns what stands on each line of a file: who, or what is bad.
func read(text string) (lines []string, err error) {
	for line, err := range people.Read(strings.NewReader(text)) {
		if err != nil {
			return lines, err
		}
		for _, p := range line.Problems {
			lines = append(lines, fmt.Sprintf("%d bad %s: %s", p.Line, p.Field, p.Reason))
		}
		if line.Problems == nil {
			lines = append(lines, fmt.Sprintf("%d %s %s", line.Number, line.Identity.Number(), line.Identity.Email()))
		}
	}
	return lines, nil
}

func TestReadsWhatSpreadsheetsWrite(t *testing.T) {
	kimAndLee := []string{"2 K1 kim@example.com", "3 L2 lee@example.com"}
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"takes commas", "account_number,email\nK-1,kim@example.com\nL-2,lee@example.com\n", kimAndLee},
		{"takes semicolons", "account_number;email\nK-1;kim@example.com\nL-2;lee@example.com\n", kimAndLee},
		{"takes tabs", "account_number\temail\nK-1\tkim@example.com\nL-2\tlee@example.com\n", kimAndLee},
		{"takes a byte order mark", "\uFEFFaccount_number,email\nK-1,kim@example.com\nL-2,lee@example.com\n", kimAndLee},
		{"takes CRLF", "account_number,email\r\nK-1,kim@example.com\r\nL-2,lee@example.com\r\n", kimAndLee},
		{"takes quoted fields", "\"account_number\",\"email\"\n\"K-1\",\"kim@example.com\"\n\"L-2\", \"lee@example.com\"", kimAndLee},
		{"takes other columns, in any order", "Name,E-mail?,EMAIL,note,Account_Number\n\"Kim, Dr.\",,kim@example.com,\"a \"\"b\"\"\",K1\nLee,,lee@example.com,,L2", kimAndLee},
		{"leaves out empty lines", "account_number;email\n\n;\n \nK-1;kim@example.com", []string{"5 K1 kim@example.com"}},
		{"takes no people", "account_number,email", nil},
		{"keeps zeros in front", "account_number,email\n007,kim@example.com", []string{"2 007 kim@example.com"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// A bad line spoils no other one, and its problem tells nothing personal.
func TestBadLinesAreTold(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"rejects an empty number", `,kim@example.com`, "2 bad account_number: it is empty"},
		{"rejects an empty address", `K1,`, "2 bad email: it is empty"},
		{"rejects a word for an address", `K1,kim`, "2 bad email: it doesn't look like"},
		{"rejects a missing column", `K1`, "2 bad : it has 1 of the columns"},
		{"rejects a number that a spreadsheet rounded", `"1,23E+11",kim@example.com`, "2 bad account_number: a spreadsheet has rounded it"},
		{"rejects a quote that is not closed", `"K1,kim@example.com`, "2 bad : a quote is not closed"},
		{"rejects a quote inside a field", `K"1,kim@example.com`, "2 bad : a quote is not closed"},
		{"rejects another encoding", "K\xfc1,kim@example.com", "2 bad : it is not UTF-8"},
		{"rejects a long line", strings.Repeat("K", 70_000) + ",kim@example.com", "2 bad : it is longer than 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read("account_number,email\n" + c.line + "\nL-2,lee@example.com\n")
			if err != nil || len(got) != 2 {
				t.Fatalf("lines are %q, error %v", got, err)
			}
			if !strings.HasPrefix(got[0], c.want) || got[1] != "3 L2 lee@example.com" {
				t.Errorf("lines are %q, want %s", got, c.want)
			}
			if strings.Contains(got[0], "kim") || strings.Contains(got[0], "K1") {
				t.Errorf("%s tells who it is", got[0])
			}
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"rejects no header", "K-1,kim@example.com\n", "the first line must name the columns account_number and email"},
		{"rejects an empty file", "", "the first line must name"},
		{"rejects a column twice", "account_number,email,email\n", "each once"},
		{"rejects another separator", "account_number|email\n", "with commas, semicolons or tabs"},
		{"rejects UTF-16", "\xff\xfea\x00c\x00", "save it as CSV UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, err := read(c.text)
			if !errors.Is(err, people.ErrHeader) || !strings.Contains(err.Error(), c.want) || lines != nil {
				t.Errorf("lines %q, error %v, want %s", lines, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "kim") {
				t.Errorf("%v tells who is in the file", err)
			}
		})
	}
}
