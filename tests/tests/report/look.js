// What a person would see of the page, as numbers.
(() => {
  const width = document.documentElement.clientWidth;
  const box = (selector) => {
    const element = document.querySelector(selector);
    if (!element || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return null;
    const { left, top, width, height } = element.getBoundingClientRect();
    return { left: left + scrollX, top: top + scrollY, width, height };
  };
  const name = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}">`;
  const visible = [...document.body.querySelectorAll('*')].filter(
    (element) => element.checkVisibility({ checkVisibilityCSS: true }) && !element.closest('.unseen, desc, title'));
  const wide = visible.filter((element) => {
    const scrolls = element.closest('.scroll');
    return (!scrolls || scrolls === element) && element.getBoundingClientRect().right > width + 1;
  });
  const texts = visible.filter(
    (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ''));
  const small = texts.filter((element) => parseFloat(getComputedStyle(element).fontSize) < 14);

  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = numbers(colour).map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const contrast = (element) => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const pale = texts.filter(
    (element) => !element.closest('svg, [aria-hidden=true]') && contrast(element) < 4.5);
  const once = (elements) => [...new Set(elements.map(name))];
  return {
    scrollWidth: document.documentElement.scrollWidth,
    matrix: box('table.matrix'),
    picture: box('.picture'),
    svg: box('.picture svg'),
    wide: once(wide),
    small: once(small),
    pale: once(pale),
    text: document.body.innerText,
  };
})()
