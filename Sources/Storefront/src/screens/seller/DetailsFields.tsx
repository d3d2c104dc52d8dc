import { useCategories } from "../../api/catalog";
import { SelectField, TextArea, TextField } from "../../components/Field";
import { currencies, type DetailsInput } from "./details";

interface DetailsFieldsProps {
  input: DetailsInput;
  problems: Record<string, string>;
  onChange: (part: Partial<DetailsInput>) => void;
}

export function DetailsFields({ input, problems, onChange }: DetailsFieldsProps) {
  const categories = useCategories();
  return (
    <>
      <TextField
        label="Title"
        maxLength={200}
        value={input.title}
        onChange={(event) => onChange({ title: event.target.value })}
        error={problems["/title"]}
      />
      <TextArea
        label="Description"
        rows={7}
        maxLength={20000}
        hint="What is in it, whom it is for. An empty line starts a new paragraph."
        value={input.description}
        onChange={(event) => onChange({ description: event.target.value })}
        error={problems["/description"]}
      />
      <div className="field-pair">
        <TextField
          label="Price"
          inputMode="decimal"
          placeholder="9.00"
          hint="0 gives it away."
          value={input.price}
          onChange={(event) => onChange({ price: event.target.value })}
          error={problems["/price"]}
        />
        <SelectField
          label="Currency"
          value={input.currency}
          onChange={(event) => onChange({ currency: event.target.value })}
          error={problems["/price/currency"]}
        >
          {(currencies.includes(input.currency) ? currencies : [input.currency, ...currencies]).map((currency) => (
            <option key={currency}>{currency}</option>
          ))}
        </SelectField>
      </div>
      <SelectField
        label="Category"
        value={input.category}
        onChange={(event) => onChange({ category: event.target.value })}
        error={problems["/category"] ?? (categories.error ? "The categories could not be loaded." : undefined)}
      >
        <option value="" disabled>
          Choose…
        </option>
        {categories.data?.map((category) => (
          <option key={category.slug} value={category.slug}>
            {category.name}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Tags"
        hint="Separated by commas."
        value={input.tags}
        onChange={(event) => onChange({ tags: event.target.value })}
        error={problems["/tags"]}
      />
      <TextField
        label="Download limit"
        inputMode="numeric"
        hint="How many downloads a purchase comes with. Empty: the shop’s own limit."
        value={input.limit}
        onChange={(event) => onChange({ limit: event.target.value })}
        error={problems["/download_limit"]}
      />
    </>
  );
}
